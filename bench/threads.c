// As many threads on the native malloc as bench/threads.bench.mjs has workers on a shared heap: the same blocks in the
// same order. Arguments: threads, operations of each, `one` or `own` arenas. Prints nanoseconds on the clock, and of
// processor time.
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { kLive = 1000 };

static uint32_t operations;
static pthread_barrier_t start, end;

static uint32_t Next(uint32_t* state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

// A quarter is too large for the per-thread cache.
static uint32_t SizeOf(uint32_t draw) {
  return (draw & 3) == 0 ? 1100 + ((draw >> 2) & 2047) : 16 + ((draw >> 2) & 511);
}

static void Work(uint32_t* volatile* live, uint32_t* state, uint32_t count) {
  for (uint32_t k = 0; k < count; k++) {
    const uint32_t at = Next(state) % kLive;
    free(live[at]);
    live[at] = malloc(SizeOf(Next(state)));
    *live[at] = k;
  }
}

static void* Run(void* argument) {
  uint32_t state = 1 + (uint32_t)(uintptr_t)argument;
  uint32_t* volatile live[kLive];
  for (int k = 0; k < kLive; k++) live[k] = NULL;
  Work(live, &state, operations);
  pthread_barrier_wait(&start);
  Work(live, &state, operations);
  pthread_barrier_wait(&end);
  for (int k = 0; k < kLive; k++) free(live[k]);
  return NULL;
}

static double Now(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const int threads = atoi(argv[1]);
  operations = strtoul(argv[2], NULL, 10);
  if (strcmp(argv[3], "one") == 0) mallopt(M_ARENA_MAX, 1);
  pthread_barrier_init(&start, NULL, threads + 1);
  pthread_barrier_init(&end, NULL, threads + 1);
  pthread_t ids[64];
  for (int k = 0; k < threads; k++) pthread_create(&ids[k], NULL, Run, (void*)(uintptr_t)k);
  pthread_barrier_wait(&start);
  const double before = Now(CLOCK_MONOTONIC);
  const double cpu_before = Now(CLOCK_PROCESS_CPUTIME_ID);
  pthread_barrier_wait(&end);
  printf("%.0f %.0f\n", Now(CLOCK_MONOTONIC) - before, Now(CLOCK_PROCESS_CPUTIME_ID) - cpu_before);
  for (int k = 0; k < threads; k++) pthread_join(ids[k], NULL);
  return 0;
}
