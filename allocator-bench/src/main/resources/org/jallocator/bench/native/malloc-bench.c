/*
 * The native limit: what the bench does on stacks of allocators from Java, done on malloc and free from C.
 *
 * The loops are those of ReferenceBenchmark.java and Replay.java, statement by statement: the same sizes out of an
 * array, the same NULL check, nothing written to a block, and the same clock around the same calls. They call malloc
 * and free as every C program does, through the procedure linkage table, so that a preloaded library takes their place.
 * The compiler must not know what these names mean, or it may drop a malloc and its free: -fno-builtin-malloc
 * -fno-builtin-free, and keep() on every address.
 *
 * The program itself never calls malloc: its arrays are mapped, so the heap holds the blocks of the workload alone. It
 * has one thread, and its allocator may know that.
 *
 *   malloc-bench ALLOCATOR check
 *   malloc-bench ALLOCATOR temporary WARMUPS ITERATIONS MILLIS SIZE...
 *   malloc-bench ALLOCATOR grow      WARMUPS ITERATIONS MILLIS LIVE SIZE...
 *   malloc-bench ALLOCATOR replay    WARMUPS WARMUP-MILLIS
 *
 * ALLOCATOR is glibc, jemalloc or mimalloc. If malloc and free are another's, the program says so and measures nothing.
 * Every line of output begins with "@bench ": for check the allocator's version, else two numbers an iteration, its
 * operations and its nanoseconds. replay reads a trace, as Trace.java writes it, and then commands, from stdin, as
 * ReplayWorker.java does. A failure is the line "@bench failed: REASON" and exit code 1.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ANSWER "@bench "
#define NANOS_PER_SECOND INT64_C(1000000000)

/* ---- answers ---- */

static void write_all(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            _exit(1); /* nobody listens any more */
        }
        text += written;
        length -= (size_t)written;
    }
}

/* A line too long for the buffer is cut; its end stays. */
static void answer_va(const char *prefix, const char *format, va_list arguments)
{
    char line[1024];
    int head = snprintf(line, sizeof line, ANSWER "%s", prefix);
    vsnprintf(line + head, sizeof line - 1 - (size_t)head, format, arguments);
    size_t length = strlen(line);
    line[length] = '\n';
    write_all(line, length + 1);
}

__attribute__((format(printf, 1, 2))) static void answer(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_va("", format, arguments);
    va_end(arguments);
}

__attribute__((cold, noreturn, format(printf, 1, 2))) static void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_va("failed: ", format, arguments);
    va_end(arguments);
    _exit(1);
}

/* ---- what the loops need ---- */

/* The address is used as far as the compiler knows; no instruction comes of it. */
static inline void keep(const void *address)
{
    __asm__ volatile("" : : "r"(address));
}

__attribute__((cold, noreturn)) static void no_memory(size_t size)
{
    fail("no memory: size=%zu", size);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOS_PER_SECOND + time.tv_nsec;
}

/* An array that is no block of the allocator, zeroed and touched, as Java's are. */
static void *new_array(size_t count, size_t element_size)
{
    size_t bytes = count * element_size + 1;
    void *array = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (array == MAP_FAILED) {
        fail("array cannot be mapped: bytes=%zu", bytes);
    }
    memset(array, 0, bytes);
    return array;
}

/* ---- whose malloc is it? ---- */

/* An allocator, and a function that no other has. */
struct allocator {
    const char *name;
    const char *own_function;
};

static const struct allocator allocators[] = {
    {"glibc", "gnu_get_libc_version"},
    {"jemalloc", "mallctl"},
    {"mimalloc", "mi_version"},
};

/* The file that a function comes from, in the order in which the dynamic linker looks; NULL if there is no such function. */
static const char *file_of(const char *function)
{
    void *address = dlsym(RTLD_DEFAULT, function);
    Dl_info info;
    if (address == NULL || dladdr(address, &info) == 0) {
        return NULL;
    }
    return info.dli_fname;
}

/* Refuses to go on unless malloc and free come from the file that the named allocator's own function comes from. */
static const struct allocator *require_allocator(const char *name)
{
    for (size_t i = 0; i < sizeof allocators / sizeof *allocators; i++) {
        if (strcmp(name, allocators[i].name) != 0) {
            continue;
        }
        const char *own = file_of(allocators[i].own_function);
        const char *malloc_file = file_of("malloc");
        const char *free_file = file_of("free");
        if (malloc_file == NULL || free_file == NULL) {
            fail("malloc and free come from no file: allocator=%s", name);
        }
        if (own == NULL) {
            fail("%s is not loaded: malloc=%s", name, malloc_file);
        }
        if (strcmp(own, malloc_file) != 0 || strcmp(own, free_file) != 0) {
            fail("malloc is not that of %s: malloc=%s, free=%s, %s=%s", name, malloc_file, free_file, name, own);
        }
        return &allocators[i];
    }
    fail("allocator is none of glibc, jemalloc, mimalloc: allocator=%s", name);
}

/* Calls the allocator's own function through a pointer: the program is not linked against it. */
static void check(const struct allocator *allocator)
{
    void *address = dlsym(RTLD_DEFAULT, allocator->own_function);
    if (strcmp(allocator->name, "glibc") == 0) {
        const char *(*version)(void);
        memcpy(&version, &address, sizeof version);
        answer("%s", version());
    } else if (strcmp(allocator->name, "jemalloc") == 0) {
        int (*control)(const char *, void *, size_t *, void *, size_t);
        memcpy(&control, &address, sizeof control);
        const char *version = NULL;
        size_t length = sizeof version;
        int error = control("version", &version, &length, NULL, 0);
        if (error != 0 || version == NULL) {
            fail("jemalloc does not tell its version: error=%d", error);
        }
        answer("%.*s", (int)strcspn(version, "-"), version);
    } else {
        int (*version)(void);
        memcpy(&version, &address, sizeof version);
        int number = version(); /* 209: 2.0.9 */
        answer("%d.%d.%d", number / 100, number / 10 % 10, number % 10);
    }
}

/* ---- the reference's benchmarks ---- */

/* What is measured: one invocation of it, and the operations that this makes. */
struct workload {
    void (*invoke)(const struct workload *);
    int64_t operations;
    const size_t *sizes;
    size_t size_count;
    void **addresses;
    size_t address_count;
};

/* ReferenceBenchmark.temporaries */
static void temporaries(const struct workload *workload)
{
    const size_t *sizes = workload->sizes;
    size_t size_count = workload->size_count;
    for (size_t i = 0; i < size_count; i++) {
        void *address = malloc(sizes[i]);
        if (address == NULL) {
            no_memory(sizes[i]);
        }
        keep(address);
        free(address);
    }
}

/* ReferenceBenchmark.growAndShrink */
static void grow_and_shrink(const struct workload *workload)
{
    const size_t *sizes = workload->sizes;
    size_t size_count = workload->size_count;
    void **addresses = workload->addresses;
    size_t address_count = workload->address_count;
    size_t next = 0;
    for (size_t i = 0; i < address_count; i++) {
        void *address = malloc(sizes[next]);
        if (address == NULL) {
            no_memory(sizes[next]);
        }
        addresses[i] = address;
        if (++next == size_count) {
            next = 0;
        }
    }
    for (size_t i = 0; i < address_count; i++) {
        free(addresses[i]);
    }
    keep(addresses);
}

static volatile sig_atomic_t iteration_is_over;

static void end_iteration(int signal_number)
{
    (void)signal_number;
    iteration_is_over = 1;
}

/* As JMH does it: invocations until somebody else sets a flag, and the clock read before and after. */
static void iterate(const struct workload *workload, int64_t millis, bool counts)
{
    struct itimerval alarm = {.it_value = {millis / 1000, millis % 1000 * 1000}};
    iteration_is_over = 0;
    if (setitimer(ITIMER_REAL, &alarm, NULL) != 0) {
        fail("timer cannot be set: errno=%d", errno);
    }
    int64_t operations = 0;
    int64_t start = now();
    do {
        workload->invoke(workload);
        operations += workload->operations;
    } while (!iteration_is_over);
    int64_t nanos = now() - start;
    if (counts) {
        answer("%lld %lld", (long long)operations, (long long)nanos);
    }
}

static void measure(const struct workload *workload, int64_t warmups, int64_t iterations, int64_t millis)
{
    struct sigaction action = {.sa_handler = end_iteration, .sa_flags = SA_RESTART};
    if (sigaction(SIGALRM, &action, NULL) != 0) {
        fail("signal cannot be caught: errno=%d", errno);
    }
    for (int64_t i = 0; i < warmups; i++) {
        iterate(workload, millis, false);
    }
    for (int64_t i = 0; i < iterations; i++) {
        iterate(workload, millis, true);
    }
}

/* ---- replay ---- */

struct trace {
    int32_t operations;
    int32_t slot_count;
    int32_t *slots;
    int64_t *sizes; /* 0: a free */
    void **addresses;
    int32_t *live_at_end;
    int32_t live_at_end_count;
};

static unsigned char input[1 << 16];
static size_t input_at;
static size_t input_end;

/* The next byte of stdin, or -1 at its end. */
static int next_byte(void)
{
    if (input_at == input_end) {
        ssize_t count;
        do {
            count = read(STDIN_FILENO, input, sizeof input);
        } while (count < 0 && errno == EINTR);
        if (count <= 0) {
            return -1;
        }
        input_at = 0;
        input_end = (size_t)count;
    }
    return input[input_at++];
}

/* A number as java.io.DataOutputStream writes it, the highest byte first. */
static int64_t next_number(int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++) {
        int byte = next_byte();
        if (byte < 0) {
            fail("trace ends too early");
        }
        number = number << 8 | (uint64_t)byte;
    }
    return (int64_t)number;
}

/* Reads what Trace.writeTo wrote. Checks every call, so that the timed loop need not. */
static void read_trace(struct trace *trace)
{
    for (int64_t name = next_number(2); name > 0; name--) {
        next_number(1);
    }
    next_number(4); /* lines */
    int64_t operations = next_number(4);
    if (operations > INT32_MAX) {
        fail("trace has a negative number of calls");
    }
    trace->operations = (int32_t)operations;
    trace->slots = new_array((size_t)operations, sizeof *trace->slots);
    trace->sizes = new_array((size_t)operations, sizeof *trace->sizes);
    char *is_live = new_array((size_t)operations, 1); /* no more slots than mallocs */
    int32_t live = 0;
    for (int32_t i = 0; i < operations; i++) {
        int64_t slot = next_number(4);
        int64_t size = next_number(8);
        next_number(4); /* thread */
        if (slot >= operations) {
            fail("trace is broken: call=%d, slot=%lld, limit=%lld", i, (long long)slot, (long long)operations - 1);
        }
        if (size < 0) {
            fail("trace is broken: call=%d, size=%lld, limit=0", i, (long long)size);
        }
        if (is_live[slot] != (size == 0)) {
            fail("trace is broken: call=%d, %s=%lld", i, size == 0 ? "free of empty slot" : "malloc into full slot",
                 (long long)slot);
        }
        is_live[slot] = size != 0;
        live += size != 0 ? 1 : -1;
        trace->slots[i] = (int32_t)slot;
        trace->sizes[i] = size;
        trace->slot_count = slot < trace->slot_count ? trace->slot_count : (int32_t)slot + 1;
    }
    trace->addresses = new_array((size_t)trace->slot_count, sizeof *trace->addresses);
    trace->live_at_end = new_array((size_t)live, sizeof *trace->live_at_end);
    for (int32_t slot = 0; slot < trace->slot_count; slot++) {
        if (is_live[slot]) {
            trace->live_at_end[trace->live_at_end_count++] = slot;
        }
    }
    munmap(is_live, (size_t)operations + 1);
}

/* Replay.call */
static void call(const struct trace *trace)
{
    int32_t operations = trace->operations;
    const int32_t *slots = trace->slots;
    const int64_t *sizes = trace->sizes;
    void **addresses = trace->addresses;
    for (int32_t i = 0; i < operations; i++) {
        int64_t size = sizes[i];
        if (size == 0) {
            free(addresses[slots[i]]);
        } else {
            void *address = malloc((size_t)size);
            if (address == NULL) {
                no_memory((size_t)size);
            }
            addresses[slots[i]] = address;
        }
    }
}

/* Replay.run: the time of the trace's calls; what they leave is freed after it. */
static int64_t round_of(const struct trace *trace)
{
    int64_t start = now();
    call(trace);
    int64_t nanos = now() - start;
    for (int32_t i = 0; i < trace->live_at_end_count; i++) {
        free(trace->addresses[trace->live_at_end[i]]);
    }
    return nanos;
}

/* ReplayWorker.main: 'w' warms up and answers the number of calls, 'r' is one round and answers its nanoseconds. */
static void serve_replays(int64_t warmup_rounds, int64_t warmup_millis)
{
    static struct trace trace;
    read_trace(&trace);
    for (int command = next_byte(); command >= 0; command = next_byte()) {
        int64_t start = now();
        switch (command) {
        case 'r':
            answer("%lld", (long long)round_of(&trace));
            break;
        case 'w':
            for (int64_t i = 0; i < warmup_rounds || now() - start < warmup_millis * 1000000; i++) {
                round_of(&trace);
            }
            answer("%d", trace.operations);
            break;
        default:
            fail("command is none of w, r: command=%d", command);
        }
    }
}

/* ---- command line ---- */

static int64_t number_of(const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0) {
        fail("argument is no whole number: argument=%s", text);
    }
    return number;
}

/* ReferenceBenchmark's two loops, over the sizes that the bench hands over. */
static void run_reference(bool grows, int count, char **arguments)
{
    int64_t live = grows ? number_of(arguments[6]) : 0;
    int first_size = grows ? 7 : 6;
    size_t size_count = (size_t)(count - first_size);
    size_t *sizes = new_array(size_count, sizeof *sizes);
    for (size_t i = 0; i < size_count; i++) {
        sizes[i] = (size_t)number_of(arguments[first_size + (int)i]);
    }
    struct workload workload = {
        .invoke = grows ? grow_and_shrink : temporaries,
        .operations = grows ? live : (int64_t)size_count,
        .sizes = sizes,
        .size_count = size_count,
        .addresses = new_array((size_t)live, sizeof(void *)),
        .address_count = (size_t)live,
    };
    measure(&workload, number_of(arguments[3]), number_of(arguments[4]), number_of(arguments[5]));
}

int main(int count, char **arguments)
{
    if (count < 3) {
        fail("usage: malloc-bench ALLOCATOR check|temporary|grow|replay ...");
    }
    const struct allocator *allocator = require_allocator(arguments[1]);
    const char *command = arguments[2];
    if (strcmp(command, "check") == 0 && count == 3) {
        check(allocator);
    } else if (strcmp(command, "temporary") == 0 && count > 6) {
        run_reference(false, count, arguments);
    } else if (strcmp(command, "grow") == 0 && count > 7) {
        run_reference(true, count, arguments);
    } else if (strcmp(command, "replay") == 0 && count == 5) {
        serve_replays(number_of(arguments[3]), number_of(arguments[4]));
    } else {
        fail("command is unknown, or short of arguments: command=%s", command);
    }
    return 0;
}
