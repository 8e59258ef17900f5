/*
 * The allocator that the program would have called: the next one in the search order, the C library's or
 * another that the program brings.
 */
#ifndef CHUNKYARD_RECORDER_REAL_H_
#define CHUNKYARD_RECORDER_REAL_H_

#include <stdbool.h>
#include <stddef.h>

#ifdef __APPLE__

#include <stdlib.h>

/* Calls made from an interposing library reach the originals. */
#define real_malloc malloc
#define real_calloc calloc
#define real_realloc realloc
#define real_free free
#define real_posix_memalign posix_memalign
#define real_aligned_alloc aligned_alloc
#define real_valloc valloc

static inline bool real_ready(void) {
  return true;
}
static inline void* early_malloc(size_t size) {
  return malloc(size);
}
static inline void* early_realloc(void* block, size_t size) {
  return realloc(block, size);
}
static inline bool early_owns(const void* block) {
  (void)block;
  return false;
}

#else

extern void* (*real_malloc)(size_t);
extern void* (*real_calloc)(size_t, size_t);
extern void* (*real_realloc)(void*, size_t);
extern void (*real_free)(void*);
extern int (*real_posix_memalign)(void**, size_t, size_t);
extern void* (*real_aligned_alloc)(size_t, size_t);
extern void* (*real_memalign)(size_t, size_t);
extern void* (*real_valloc)(size_t);
extern void* (*real_pvalloc)(size_t);

/* Looks the functions up. False while that is under way: dlsym may itself allocate. */
bool real_find(void);

static inline bool real_ready(void) {
  return __builtin_expect(real_free != NULL, 1) || real_find();
}

/* Blocks for those calls, from a fixed array; freeing them does nothing. */
void* early_malloc(size_t size);
void* early_realloc(void* block, size_t size);
bool early_owns(const void* block);

#endif

#endif
