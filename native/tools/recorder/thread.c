/*
 * A word per thread holds process and number + 1; a forked child's thread has its parent's word and gets
 * another. Static thread-local storage on Linux; on macOS, where that is made by malloc at the first use, a
 * pthread key.
 */
#include "thread.h"

#include <pthread.h>
#include <stddef.h>

static uint64_t next_word(struct log_header* header, uint32_t process) {
  uint64_t number = atomic_fetch_add_explicit(&header->threads, 1, memory_order_relaxed);
  if (number > kMostThreads) number = kMostThreads;
  return (uint64_t)process << 32 | (number + 1);
}

#ifdef __APPLE__

static pthread_key_t key;

__attribute__((constructor)) static void make_key(void) {
  pthread_key_create(&key, NULL);
}

uint32_t thread_number(struct log_header* header, uint32_t process) {
  if (key == 0) return 0; /* before constructors there is one thread */
  uint64_t word = (uintptr_t)pthread_getspecific(key);
  if (word >> 32 != process) {
    word = next_word(header, process);
    pthread_setspecific(key, (void*)(uintptr_t)word);
  }
  return (uint32_t)word - 1;
}

#else

static __thread uint64_t own_word __attribute__((tls_model("initial-exec")));

uint32_t thread_number(struct log_header* header, uint32_t process) {
  if (__builtin_expect(own_word >> 32 != process, 0)) own_word = next_word(header, process);
  return (uint32_t)own_word - 1;
}

#endif
