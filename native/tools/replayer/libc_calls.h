/* The heap calls that are named differently, or missing, from one C library to the next. */
#ifndef CHUNKYARD_REPLAYER_LIBC_CALLS_H_
#define CHUNKYARD_REPLAYER_LIBC_CALLS_H_

#include <stddef.h>
#include <stdlib.h>

#if defined(__APPLE__)

#include <malloc/malloc.h>

static inline void* aligned_block(size_t alignment, size_t size) {
  void* block = NULL;
  return posix_memalign(&block, alignment < sizeof(void*) ? sizeof(void*) : alignment, size) ? NULL : block;
}
static inline size_t usable_size(void* block) {
  return malloc_size(block);
}

#else

#include <malloc.h>

static inline void* aligned_block(size_t alignment, size_t size) {
  return memalign(alignment, size);
}
static inline size_t usable_size(void* block) {
  return malloc_usable_size(block);
}

#endif

#if defined(__GLIBC__)
static inline void trim_heap(size_t pad) {
  malloc_trim(pad);
}
static inline void set_option(int parameter, int value) {
  mallopt(parameter, value);
}
#else
static inline void trim_heap(size_t pad) {
  (void)pad;
}
static inline void set_option(int parameter, int value) {
  (void)parameter, (void)value;
}
#endif

#endif
