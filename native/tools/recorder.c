/*
 * Interposed on an unmodified program: every call of its allocator is noted in a log, and made.
 *
 * A record is claimed by one atomic add: after an allocation and before a free, so that in the order of the
 * claims a block's allocation stands before its every use and its free before its address is given out again.
 * A realloc claims two, one on each side. Linux: LD_PRELOAD. macOS: DYLD_INSERT_LIBRARIES.
 */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "recorder/log.h"
#include "recorder/real.h"

#define SITE __builtin_return_address(0)

#ifdef __APPLE__
/* A pair in this section makes dyld send calls of the second to the first, except for our own. */
#define DEFINE(type, name) static type wrapped_##name
#define INTERPOSE(name)                                                      \
  __attribute__((used, section("__DATA,__interpose"))) static const struct { \
    const void* ours;                                                        \
    const void* theirs;                                                      \
  } interpose_##name = {(const void*)(uintptr_t)&wrapped_##name, (const void*)(uintptr_t)&name};
#else
#define DEFINE(type, name) __attribute__((visibility("default"))) type name
#define INTERPOSE(name)
#endif

static void* noted(enum record_kind kind, void* block, size_t size, size_t alignment, const void* site) {
  if (log_ready()) {
    if (block)
      log_write(kind, block, size, alignment, site);
    else
      log_failure();
  }
  return block;
}

static void* resized(void* block, size_t size, const void* site) {
  if (block == NULL) return noted(kMalloc, real_malloc(size), size, 0, site);
  const bool ready = log_ready();
  if (ready) log_write(kReallocBegins, block, 0, 0, site);
  void* moved = real_realloc(block, size);
  if (ready) log_write(kReallocEnds, moved, size, 0, site);
  return moved;
}

static size_t page_size(void) {
  return (size_t)sysconf(_SC_PAGESIZE);
}

DEFINE(void*, malloc)(size_t size) {
  if (!real_ready()) return early_malloc(size);
  return noted(kMalloc, real_malloc(size), size, 0, SITE);
}
INTERPOSE(malloc)

DEFINE(void*, calloc)(size_t count, size_t size) {
  /* The array of early blocks is zero and each part of it given out once. */
  if (!real_ready()) return early_malloc(count * size);
  return noted(kCalloc, real_calloc(count, size), count * size, 0, SITE);
}
INTERPOSE(calloc)

DEFINE(void*, realloc)(void* block, size_t size) {
  if (early_owns(block)) return early_realloc(block, size);
  if (!real_ready()) return early_malloc(size);
  return resized(block, size, SITE);
}
INTERPOSE(realloc)

DEFINE(void, free)(void* block) {
  if (early_owns(block) || !real_ready()) return;
  if (log_ready()) log_write(kFree, block, 0, 0, SITE);
  real_free(block);
}
INTERPOSE(free)

DEFINE(int, posix_memalign)(void** block, size_t alignment, size_t size) {
  if (!real_ready()) return ENOMEM;
  const int status = real_posix_memalign(block, alignment, size);
  noted(kMemalign, status == 0 ? *block : NULL, size, alignment, SITE);
  return status;
}
INTERPOSE(posix_memalign)

DEFINE(void*, aligned_alloc)(size_t alignment, size_t size) {
  if (!real_ready()) return NULL;
  return noted(kMemalign, real_aligned_alloc(alignment, size), size, alignment, SITE);
}
INTERPOSE(aligned_alloc)

DEFINE(void*, valloc)(size_t size) {
  if (!real_ready()) return NULL;
  return noted(kMemalign, real_valloc(size), size, page_size(), SITE);
}
INTERPOSE(valloc)

#ifndef __APPLE__

DEFINE(void*, reallocarray)(void* block, size_t count, size_t size) {
  size_t bytes;
  if (__builtin_mul_overflow(count, size, &bytes)) {
    errno = ENOMEM;
    return NULL;
  }
  if (early_owns(block)) return early_realloc(block, bytes);
  if (!real_ready()) return early_malloc(bytes);
  return resized(block, bytes, SITE);
}

DEFINE(void*, memalign)(size_t alignment, size_t size) {
  if (!real_ready()) return NULL;
  return noted(kMemalign, real_memalign(alignment, size), size, alignment, SITE);
}

DEFINE(void*, pvalloc)(size_t size) {
  if (!real_ready()) return NULL;
  const size_t page = page_size();
  return noted(kMemalign, real_pvalloc(size), (size + page - 1) / page * page, page, SITE);
}

#endif

/* While there is one thread. A program that allocates nothing has a log too, an empty one. */
__attribute__((constructor)) static void begin(void) {
  real_ready();
  log_ready();
}

__attribute__((destructor)) static void end(void) {
  if (log_ready()) atomic_store_explicit(&log_state->header->ended, 1, memory_order_relaxed);
}
