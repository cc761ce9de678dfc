/* Workloads for several threads: those of PairWork.java and HandOver.java, served as ThreadsWorker.java does it. */
#define _GNU_SOURCE
#include "bench.h"

#include <pthread.h>
#include <string.h>

#define SIZE 64
#define BATCH 4096
#define BATCHES 8
#define WARM_UP_ROUNDS 3
#define LARGEST_QUOTA (INT64_C(1) << 28)
#define MOST_THREADS 1024

/* ---- Crew.java: threads that start together; the clock stops when the last has ended ---- */

struct latch {
    pthread_mutex_t mutex;
    pthread_cond_t zero;
    int count;
};

static void latch_set(struct latch *latch, int count)
{
    pthread_mutex_init(&latch->mutex, NULL);
    pthread_cond_init(&latch->zero, NULL);
    latch->count = count;
}

static void latch_count_down(struct latch *latch)
{
    pthread_mutex_lock(&latch->mutex);
    if (--latch->count == 0) {
        pthread_cond_broadcast(&latch->zero);
    }
    pthread_mutex_unlock(&latch->mutex);
}

static void latch_await(struct latch *latch)
{
    pthread_mutex_lock(&latch->mutex);
    while (latch->count > 0) {
        pthread_cond_wait(&latch->zero, &latch->mutex);
    }
    pthread_mutex_unlock(&latch->mutex);
}

static struct latch ready;
static struct latch go;
static struct latch done;

/* One thread's part of a round. */
struct line {
    void (*work)(const struct line *);
    int64_t quota;
    struct hand_over *hand_over;
    pthread_t thread;
};

static void *work(void *argument)
{
    const struct line *line = argument;
    latch_count_down(&ready);
    latch_await(&go);
    line->work(line);
    latch_count_down(&done);
    return NULL;
}

static int64_t run_crew(struct line *lines, int threads)
{
    latch_set(&ready, threads);
    latch_set(&go, 1);
    latch_set(&done, threads);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&lines[i].thread, NULL, work, &lines[i]) != 0) {
            fail("thread cannot be started: threads=%d", threads);
        }
    }
    latch_await(&ready);
    int64_t start = now();
    latch_count_down(&go);
    latch_await(&done);
    int64_t nanos = now() - start;
    for (int i = 0; i < threads; i++) {
        pthread_join(lines[i].thread, NULL);
    }
    return nanos;
}

/* ---- pair: AddressBlocks.pairs ---- */

static void pairs(const struct line *line)
{
    int64_t quota = line->quota;
    uintptr_t mixed = 0;
    for (int64_t i = 0; i < quota; i++) {
        void *address = malloc(SIZE);
        if (address == NULL) {
            no_memory(SIZE);
        }
        mixed ^= (uintptr_t)address;
        free(address);
    }
    keep((const void *)mixed);
}

/* ---- pair-nested: AddressBlocks.nestedPairs ---- */

static void nested_pairs(const struct line *line)
{
    int64_t quota = line->quota;
    uintptr_t mixed = 0;
    for (int64_t i = 0; i < quota; i++) {
        void *outer = malloc(SIZE);
        if (outer == NULL) {
            no_memory(SIZE);
        }
        void *inner = malloc(SIZE);
        if (inner == NULL) {
            no_memory(SIZE);
        }
        mixed ^= (uintptr_t)outer - (uintptr_t)inner;
        free(inner);
        free(outer);
    }
    keep((const void *)mixed);
}

/* ---- producer-consumer: HandOver.java, and of Blocks.java what it calls ---- */

struct batch {
    int32_t sizes[BATCH];
    signed char *addresses[BATCH];
};

/* As an ArrayBlockingQueue: one lock, and a condition to wait for a batch. There is always room. */
struct queue {
    pthread_mutex_t mutex;
    pthread_cond_t not_empty;
    struct batch *batches[BATCHES];
    int first;
    int count;
};

struct hand_over {
    struct queue empty;
    struct queue full;
    struct batch *batches; /* kept from round to round */
};

static void queue_init(struct queue *queue)
{
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->not_empty, NULL);
    queue->first = 0;
    queue->count = 0;
}

static void queue_add(struct queue *queue, struct batch *batch)
{
    pthread_mutex_lock(&queue->mutex);
    queue->batches[(queue->first + queue->count++) % BATCHES] = batch;
    pthread_cond_signal(&queue->not_empty);
    pthread_mutex_unlock(&queue->mutex);
}

static struct batch *queue_next(struct queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0) {
        pthread_cond_wait(&queue->not_empty, &queue->mutex);
    }
    struct batch *batch = queue->batches[queue->first];
    queue->first = (queue->first + 1) % BATCHES;
    queue->count--;
    pthread_mutex_unlock(&queue->mutex);
    return batch;
}

/* Blocks.malloc: writes the first and the last byte. */
static inline void batch_malloc(struct batch *batch, int slot, int32_t size)
{
    signed char *address = malloc((size_t)size);
    if (address == NULL) {
        no_memory((size_t)size);
    }
    batch->addresses[slot] = address;
    batch->sizes[slot] = size;
    address[0] = (signed char)size;
    address[size - 1] = (signed char)size;
}

/* Blocks.free: reads them again. */
static inline void batch_free(struct batch *batch, int slot)
{
    int32_t size = batch->sizes[slot];
    if (size == 0) {
        return;
    }
    signed char *address = batch->addresses[slot];
    if (address[0] != (signed char)size || address[size - 1] != (signed char)size) {
        fail("block was written to by somebody else: address=%p, size=%d", (void *)address, size);
    }
    batch->sizes[slot] = 0;
    free(address);
}

static void produce(const struct line *line)
{
    for (int64_t i = 0; i < line->quota; i++) {
        struct batch *batch = queue_next(&line->hand_over->empty);
        for (int slot = 0; slot < BATCH; slot++) {
            batch_malloc(batch, slot, SIZE);
        }
        queue_add(&line->hand_over->full, batch);
    }
}

static void consume(const struct line *line)
{
    for (int64_t i = 0; i < line->quota; i++) {
        struct batch *batch = queue_next(&line->hand_over->full);
        for (int slot = 0; slot < BATCH; slot++) {
            batch_free(batch, slot);
        }
        queue_add(&line->hand_over->empty, batch);
    }
}

/* ---- ThreadWorkload.java and ThreadsWorker.java ---- */

static struct line lines[MOST_THREADS];
static struct hand_over hand_overs[MOST_THREADS / 2];

static int64_t run_same(void (*work)(const struct line *), int threads, int64_t quota)
{
    for (int i = 0; i < threads; i++) {
        lines[i] = (struct line){.work = work, .quota = quota};
    }
    return run_crew(lines, threads);
}

static int64_t run_pairs(int threads, int64_t quota)
{
    return run_same(pairs, threads, quota);
}

static int64_t run_nested_pairs(int threads, int64_t quota)
{
    return run_same(nested_pairs, threads, quota);
}

static int64_t run_hand_overs(int threads, int64_t quota)
{
    int count = threads / 2;
    for (int i = 0; i < count; i++) {
        struct hand_over *hand_over = &hand_overs[i];
        if (hand_over->batches == NULL) {
            hand_over->batches = new_array(BATCHES, sizeof *hand_over->batches);
        }
        queue_init(&hand_over->empty);
        queue_init(&hand_over->full);
        for (int j = 0; j < BATCHES; j++) {
            queue_add(&hand_over->empty, &hand_over->batches[j]);
        }
        lines[2 * i] = (struct line){.work = produce, .quota = quota, .hand_over = hand_over};
        lines[2 * i + 1] = (struct line){.work = consume, .quota = quota, .hand_over = hand_over};
    }
    return run_crew(lines, 2 * count);
}

struct thread_workload {
    const char *name;
    int64_t least_quota;
    int64_t (*run)(int threads, int64_t quota);
};

static const struct thread_workload workloads[] = {
    {"PAIR", 10000, run_pairs},
    {"PAIR_NESTED", 5000, run_nested_pairs},
    {"PRODUCER_CONSUMER", 16, run_hand_overs},
};

static int64_t smaller(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ThreadsWorker.warmUp: the quota that makes a round take some time. */
static int64_t warm_up(const struct thread_workload *workload, int threads, int64_t round_nanos)
{
    int64_t start = now();
    int64_t quota = workload->least_quota;
    int64_t warm_up_nanos = 2 * WARM_UP_ROUNDS * round_nanos;
    for (int i = 0; i < WARM_UP_ROUNDS || now() - start < warm_up_nanos; i++) {
        int64_t nanos = larger(1, workload->run(threads, quota));
        double ratio = (double)round_nanos / (double)nanos;
        double factor = ratio < 4 ? ratio : 4;
        quota = smaller(LARGEST_QUOTA, larger(workload->least_quota, (int64_t)((double)quota * factor)));
    }
    return quota;
}

static int64_t serve(const struct thread_workload *workload, int command, int threads, int64_t number)
{
    if (threads < 1 || threads > MOST_THREADS) {
        fail("number of threads is out of range: threads=%d, limit=%d", threads, MOST_THREADS);
    }
    switch (command) {
    case 'w':
        return warm_up(workload, threads, number * NANOS_PER_MILLI);
    case 'r':
        return workload->run(threads, number);
    case 'p':
        return -1; /* what the allocator takes from the system is not known */
    default:
        fail("command is none of w, r, p: command=%d", command);
    }
}

void run_threads(int count, char **arguments)
{
    (void)count;
    (void)arguments;
    char stack[64];
    char name[64];
    next_text(stack, sizeof stack);
    next_text(name, sizeof name);
    for (size_t i = 0; i < sizeof workloads / sizeof *workloads; i++) {
        if (strcmp(name, workloads[i].name) != 0) {
            continue;
        }
        for (int command = next_byte(); command >= 0; command = next_byte()) {
            int threads = (int)next_number(4);
            int64_t number = next_number(4);
            answer("%lld", (long long)serve(&workloads[i], command, threads, number));
        }
        return;
    }
    fail("workload is none of PAIR, PAIR_NESTED, PRODUCER_CONSUMER: workload=%s", name);
}
