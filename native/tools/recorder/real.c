/* Finds the real allocator; until then serves from an array, as dlsym allocates on some C libraries. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "real.h"

#ifndef __APPLE__

#include <dlfcn.h>
#include <stdint.h>
#include <string.h>

void* (*real_malloc)(size_t);
void* (*real_calloc)(size_t, size_t);
void* (*real_realloc)(void*, size_t);
void (*real_free)(void*);
int (*real_posix_memalign)(void**, size_t, size_t);
void* (*real_aligned_alloc)(size_t, size_t);
void* (*real_memalign)(size_t, size_t);
void* (*real_valloc)(size_t);
void* (*real_pvalloc)(size_t);

/* A function pointer from an object pointer, without the cast that ISO C forbids. */
static void find(void* function, const char* name) {
  void* symbol = dlsym(RTLD_NEXT, name);
  memcpy(function, &symbol, sizeof symbol);
}

bool real_find(void) {
  /* The first call comes from the dynamic linker or our constructor: there is one thread. */
  static bool looking;
  if (looking) return false;
  looking = true;
  find(&real_malloc, "malloc");
  find(&real_calloc, "calloc");
  find(&real_realloc, "realloc");
  find(&real_posix_memalign, "posix_memalign");
  find(&real_aligned_alloc, "aligned_alloc");
  find(&real_memalign, "memalign");
  find(&real_valloc, "valloc");
  find(&real_pvalloc, "pvalloc");
  find(&real_free, "free");
  looking = false;
  return real_free != NULL;
}

enum { kEarlyBytes = 65536, kAlignment = 16 };
static _Alignas(kAlignment) char early[kEarlyBytes];
static size_t early_used;

/* Each block stands behind its size. */
void* early_malloc(size_t size) {
  if (size > kEarlyBytes - 2 * kAlignment - early_used) return NULL;
  char* block = early + early_used + kAlignment;
  memcpy(block - kAlignment, &size, sizeof size);
  early_used += kAlignment + (size + kAlignment - 1) / kAlignment * kAlignment;
  return block;
}

bool early_owns(const void* block) {
  return (uintptr_t)block >= (uintptr_t)early && (uintptr_t)block < (uintptr_t)early + kEarlyBytes;
}

void* early_realloc(void* block, size_t size) {
  size_t old;
  memcpy(&old, (char*)block - kAlignment, sizeof old);
  void* moved = real_ready() ? real_malloc(size) : early_malloc(size);
  if (moved) memcpy(moved, block, old < size ? old : size);
  return moved;
}

#endif
