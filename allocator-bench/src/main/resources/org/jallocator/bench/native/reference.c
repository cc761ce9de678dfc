/* The reference's benchmarks: the loops of CgoallocBenchmark.java, and iterations as JMH makes them. */
#define _GNU_SOURCE
#include "bench.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/time.h>

/* What is measured: one invocation of it, and the operations that this makes. */
struct workload {
    void (*invoke)(const struct workload *);
    int64_t operations;
    const size_t *sizes;
    size_t size_count;
    void **addresses;
    size_t address_count;
};

/* CgoallocBenchmark.temporaries */
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

/* CgoallocBenchmark.growAndShrink */
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

/* The two loops, over the sizes that the bench hands over. */
static void run(bool grows, int count, char **arguments)
{
    int64_t live = grows ? number_of(arguments[3]) : 0;
    int first_size = grows ? 4 : 3;
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
    measure(&workload, number_of(arguments[0]), number_of(arguments[1]), number_of(arguments[2]));
}

void run_temporary(int count, char **arguments)
{
    run(false, count, arguments);
}

void run_grow(int count, char **arguments)
{
    run(true, count, arguments);
}
