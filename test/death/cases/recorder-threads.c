/* Many threads under the recorder, for ThreadSanitizer: its sources are built into this program, its malloc
 * under other names (ThreadSanitizer has one of its own). Blocks are freed by other threads than took them.
 * Prints how many calls were made. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void* recorded_malloc(size_t size);
void* recorded_calloc(size_t count, size_t size);
void* recorded_realloc(void* block, size_t size);
void recorded_free(void* block);

enum { kThreads = 8, kRounds = 4000, kPlaces = 16 };

static _Atomic(void*) places[kPlaces];
static atomic_long calls;

static void* work(void* argument) {
  unsigned state = 1u + (unsigned)(size_t)argument;
  for (int round = 0; round < kRounds; round++) {
    state = state * 1664525u + 1013904223u;
    const size_t size = 1 + (state >> 8) % 500;
    void* block = state & 64 ? recorded_malloc(size) : recorded_calloc(1, size);
    if (state & 128) block = recorded_realloc(block, 2 * size), atomic_fetch_add(&calls, 2);
    void* other = atomic_exchange(&places[(state >> 20) % kPlaces], block);
    atomic_fetch_add(&calls, other ? 2 : 1);
    if (other) recorded_free(other);
  }
  return NULL;
}

int main(void) {
  pthread_t threads[kThreads];
  for (size_t k = 0; k < kThreads; k++) pthread_create(&threads[k], NULL, work, (void*)k);
  for (size_t k = 0; k < kThreads; k++) pthread_join(threads[k], NULL);
  printf("%ld\n", atomic_load(&calls));
  return 0;
}
