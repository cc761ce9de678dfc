#!/usr/bin/env bash
# Runs the jcstress tests of the race protocol with each fence; then the control, which has the fence taken out and must fail.
#
#   mvn -Pjcstress -pl allocator-jcstress -am -Dmaven.test.skip -Dmaven.javadoc.skip package
#   allocator-jcstress/run.sh [short]
#
# Without "short" it takes some twenty minutes. Reports: target/jcstress/NAME/index.html, and log beside it.
# With "short" the handshake is left out on JDKs before 21: there each revocation stops all threads, and two seconds show little.
set -euo pipefail
cd "$(dirname "$0")"

target=$PWD/target
classes=$target/classes
libraries=$(cat "$target/classpath")
if [ "${1:-}" = short ]; then
  effort=(-f 1 -fsm 1 -iters 1 -time 1500 -strideSize 32 -strideCount 16)
else
  effort=(-f 3 -fsm 1 -iters 5 -time 3000 -strideSize 32 -strideCount 16)
fi

# jcstress: name of the run, fence, class path
jcstress() {
  mkdir -p "$target/jcstress/$1"
  (cd "$target/jcstress/$1" && java -cp "$3" org.openjdk.jcstress.Main "${effort[@]}" -af NONE -sc false -spinStyle THREAD_YIELD \
    -jvmArgs "-Xmx512m -Dallocator.fence=$2" -r "$target/jcstress/$1" >log 2>&1) || true
  ended=$(grep -c 'RUN RESULTS' "$target/jcstress/$1/log" || true)
  failed=$(grep -oE '[0-9]+ failed' "$target/jcstress/$1/log" | tail -1 | cut -d' ' -f1)
}

for fence in process full handshake; do
  if [ "$fence" = handshake ] && [ "${1:-}" = short ] && ! java -version 2>&1 | grep -qE 'version "(2[1-9]|[3-9][0-9])'; then
    continue
  fi
  jcstress "$fence" "$fence" "$classes:$libraries"
  echo "jcstress: fence=$fence, failed=$failed"
  if [ "$ended" = 0 ] || [ "$failed" != 0 ]; then
    tail -60 "$target/jcstress/$fence/log"
    exit 1
  fi
done

# The control: the same classes, but the heavy fence does nothing, and each owner is believed to have ended.
control=$target/control
rm -rf "$control" && mkdir -p "$control/source" "$control/classes"
sed '/static void heavy(List<Thread> owners) {/a\    if (FULL || !FULL) { return; }' \
  ../allocator-api/src/main/java/org/jallocator/spi/OwnerFence.java >"$control/source/OwnerFence.java"
sed 's/return !thread.isAlive();/return true;/' \
  src/main/java/org/jallocator/fixedblock/Ended.java >"$control/source/Ended.java"
javac -nowarn -proc:none -d "$control/classes" -cp "$classes:$libraries" "$control"/source/*.java
jcstress control process "$control/classes:$classes:$libraries"
for test in RevokeAgainstMalloc RevokeAgainstFree CloseAgainstMalloc CloseAgainstFree AdoptionAfterDeath; do
  if ! grep -q "\[FAILED\] org.jallocator.fixedblock.$test" "$target/jcstress/control/log"; then
    echo "jcstress: $test does not see that the fence is missing"
    missed=1
  fi
done
if [ -z "${missed:-}" ]; then
  echo "jcstress: each test sees that the fence is missing"
elif [ "${1:-}" != short ]; then # a short run may be too short to see it
  exit 1
fi
