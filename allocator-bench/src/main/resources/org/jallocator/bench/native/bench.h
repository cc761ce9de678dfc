/* What the files of the C program share; bench.c says what the program is. */
#ifndef BENCH_H
#define BENCH_H

#include <stdint.h>
#include <stdlib.h>

#define NANOS_PER_SECOND INT64_C(1000000000)
#define NANOS_PER_MILLI INT64_C(1000000)

/* Writes one line of output. */
__attribute__((format(printf, 1, 2))) void answer(const char *format, ...);

/* Tells why there is no answer, and ends the program. */
__attribute__((cold, noreturn, format(printf, 1, 2))) void fail(const char *format, ...);

__attribute__((cold, noreturn)) void no_memory(size_t size);

/* Nanoseconds of a clock that only goes forward. */
int64_t now(void);

/* An array that is no block of the allocator, zeroed and touched, as Java's are. */
void *new_array(size_t count, size_t element_size);

/* The next byte of stdin, or -1 at its end. */
int next_byte(void);

/* A number as java.io.DataOutputStream writes it, the highest byte first; fails at the end of stdin. */
int64_t next_number(int bytes);

/* Reads a text as java.io.DataOutputStream.writeUTF writes it; what does not fit is dropped. */
void next_text(char *text, size_t room);

/* A number of the command line, not negative. */
int64_t number_of(const char *text);

/* The commands, each with its arguments alone. */
void run_temporary(int count, char **arguments);
void run_grow(int count, char **arguments);
void run_replay(int count, char **arguments);
void run_threads(int count, char **arguments);

/* The address is used as far as the compiler knows; no instruction comes of it. */
static inline void keep(const void *address)
{
    __asm__ volatile("" : : "r"(address));
}

#endif
