/*
 * The native limit: what the bench does on stacks of allocators from Java, done on malloc and free from C.
 *
 * The loops are those of CgoallocBenchmark.java and Replay.java, statement by statement: the same sizes out of an
 * array, the same NULL check, nothing written to a block, and the same clock around the same calls. They call malloc
 * and free as every C program does, through the procedure linkage table, so that a preloaded library takes their place.
 * The compiler must not know what these names mean, or it may drop a malloc and its free: -fno-builtin-malloc
 * -fno-builtin-free, and keep() on every address.
 *
 * The program itself never calls malloc: its arrays are mapped, so the heap holds the blocks of the workload alone. Except
 * for threads it has one thread, and its allocator may know that.
 *
 *   malloc-bench ALLOCATOR check
 *   malloc-bench ALLOCATOR temporary WARMUPS ITERATIONS MILLIS SIZE...
 *   malloc-bench ALLOCATOR grow      WARMUPS ITERATIONS MILLIS LIVE SIZE...
 *   malloc-bench ALLOCATOR replay    WARMUPS WARMUP-MILLIS
 *   malloc-bench ALLOCATOR threads
 *
 * ALLOCATOR is glibc, jemalloc or mimalloc. If malloc and free are another's, the program says so and measures nothing.
 * Every line of output begins with "@answer ": for check the allocator's version, else two numbers an iteration, its
 * operations and its nanoseconds. replay reads a trace, as Trace.java writes it, and then commands, from stdin, as
 * ReplayWorker.java does; threads reads two names and then commands, as ThreadsWorker.java does. A failure is the line "@answer failed: REASON" and exit code 1.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ANSWER "@answer "

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

void answer(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_va("", format, arguments);
    va_end(arguments);
}

void fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    answer_va("failed: ", format, arguments);
    va_end(arguments);
    _exit(1);
}

/* ---- clock and arrays ---- */

void no_memory(size_t size)
{
    fail("no memory: size=%zu", size);
}

int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOS_PER_SECOND + time.tv_nsec;
}

void *new_array(size_t count, size_t element_size)
{
    size_t bytes = count * element_size + 1;
    void *array = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (array == MAP_FAILED) {
        fail("array cannot be mapped: bytes=%zu", bytes);
    }
    memset(array, 0, bytes);
    return array;
}

/* ---- stdin and arguments ---- */

static unsigned char input[1 << 16];
static size_t input_at;
static size_t input_end;

int next_byte(void)
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

int64_t next_number(int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++) {
        int byte = next_byte();
        if (byte < 0) {
            fail("input ends too early");
        }
        number = number << 8 | (uint64_t)byte;
    }
    return (int64_t)number;
}

void next_text(char *text, size_t room)
{
    size_t length = 0;
    for (int64_t left = next_number(2); left > 0; left--) {
        int byte = (int)next_number(1);
        if (length + 1 < room) {
            text[length++] = (char)byte;
        }
    }
    text[length] = '\0';
}

int64_t number_of(const char *text)
{
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0) {
        fail("argument is no whole number: argument=%s", text);
    }
    return number;
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

/* ---- command line ---- */

struct command {
    const char *name;
    int least_arguments;
    void (*run)(int count, char **arguments);
};

static const struct command commands[] = {
    {"temporary", 4, run_temporary},
    {"grow", 5, run_grow},
    {"replay", 2, run_replay},
    {"threads", 0, run_threads},
};

int main(int count, char **arguments)
{
    if (count < 3) {
        fail("usage: malloc-bench ALLOCATOR COMMAND ...");
    }
    const struct allocator *allocator = require_allocator(arguments[1]);
    if (strcmp(arguments[2], "check") == 0) {
        check(allocator);
        return 0;
    }
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(arguments[2], commands[i].name) == 0 && count - 3 >= commands[i].least_arguments) {
            commands[i].run(count - 3, arguments + 3);
            return 0;
        }
    }
    fail("command is unknown, or short of arguments: command=%s", arguments[2]);
}
