/* Replay of a trace: the loop of Replay.java, served as ReplayWorker.java does it. */
#define _GNU_SOURCE
#include "bench.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define PAGE 4096

struct trace {
    int32_t operations;
    int32_t slot_count;
    int32_t *slots;
    int64_t *sizes; /* 0: a free */
    void **addresses;
    int32_t *live_at_end;
    int32_t live_at_end_count;
};

/* Reads what Trace.writeTo wrote. Checks every call, so that the timed loop need not. */
static void read_trace(struct trace *trace)
{
    char name[64];
    next_text(name, sizeof name);
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

/* TouchingReplay.touch: the first and the last byte of each page. */
static void touch(volatile signed char *address, int64_t size)
{
    volatile signed char *end = address + size;
    for (volatile signed char *page = address; page < end; page += PAGE) {
        page[0] = 1;
        (end - page < PAGE ? end : page + PAGE)[-1] = 1;
    }
}

static void call_and_touch(const struct trace *trace)
{
    for (int32_t i = 0; i < trace->operations; i++) {
        int64_t size = trace->sizes[i];
        if (size == 0) {
            free(trace->addresses[trace->slots[i]]);
        } else {
            void *address = malloc((size_t)size);
            if (address == NULL) {
                no_memory((size_t)size);
            }
            trace->addresses[trace->slots[i]] = address;
            touch(address, size);
        }
    }
}

static int64_t page_faults(void)
{
    struct rusage usage;
    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_minflt : -1;
}

/* Replay.run: the time of the trace's calls; what they leave is freed after it. */
static int64_t round_of(const struct trace *trace, int touches)
{
    int64_t start = now();
    if (touches) {
        call_and_touch(trace);
    } else {
        call(trace);
    }
    int64_t nanos = now() - start;
    for (int32_t i = 0; i < trace->live_at_end_count; i++) {
        free(trace->addresses[trace->live_at_end[i]]);
    }
    return nanos;
}

/* ReplayWorker.main: 'w' warms up and answers the number of calls, 'r' is one round and answers its nanoseconds,
   'f' answers the page faults so far. */
void run_replay(int count, char **arguments)
{
    (void)count;
    int64_t warmup_rounds = number_of(arguments[0]);
    int64_t warmup_millis = number_of(arguments[1]);
    char stack[64];
    next_text(stack, sizeof stack);
    int touches = (int)next_number(1);
    struct trace trace = {0};
    read_trace(&trace);
    for (int command = next_byte(); command >= 0; command = next_byte()) {
        int64_t start = now();
        switch (command) {
        case 'r':
            answer("%lld", (long long)round_of(&trace, touches));
            break;
        case 'f':
            answer("%lld", (long long)page_faults());
            break;
        case 'w':
            for (int64_t i = 0; i < warmup_rounds || now() - start < warmup_millis * NANOS_PER_MILLI; i++) {
                round_of(&trace, touches);
            }
            answer("%d", trace.operations);
            break;
        default:
            fail("command is none of w, r, f: command=%d", command);
        }
    }
}
