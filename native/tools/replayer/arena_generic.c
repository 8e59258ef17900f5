/* Placement of blocks where the C library is not glibc, see arena.h: the distance from the first block. */
#include "arena.h"

#if !defined(__GLIBC__)

#include <unistd.h>

size_t arena_state_bytes(void) {
  return 0;
}

const char* arena_preloaded(void) {
  return NULL;
}

void arena_prepare(struct arena* arena) {
  arena->page = (size_t)sysconf(_SC_PAGESIZE);
  arena->main_start = arena->thread_heap = arena->first_chunk = 0;
}

void arena_notice(struct arena* arena, const void* block) {
  /* As if a header of 16 bytes stood before it: 0 is the line of a null pointer. */
  if (arena->first_chunk == 0) arena->first_chunk = (uintptr_t)block - 16;
}

void arena_place(const struct arena* arena, const void* block, struct text* text) {
  if (block == NULL) {
    text_string(text, "0");
  } else {
    text_signed(text, (int64_t)((uintptr_t)block - arena->first_chunk));
  }
}

/* Not known from outside; the caller falls back on the live bytes. */
size_t arena_own_mapping_bytes(const struct arena* arena, const void* block) {
  (void)arena, (void)block;
  return 0;
}

size_t arena_heap_bytes(const struct arena* arena) {
  (void)arena;
  return 0;
}

size_t arena_top_bytes(const struct arena* arena) {
  (void)arena;
  return 0;
}

#endif
