/*
 * Finds what glibc has no symbols for, by using the heap in a child made for that: a chunk alone in the
 * unsorted list points into the arena; a cached block holds the key; the thread's memory holds the only
 * pointer from there into the heap, that to its cache struct.
 */
#define _GNU_SOURCE
#include "image.h"

#if defined(__GLIBC__)

#include <stdlib.h>
#include <unistd.h>

#include "careful_read.h"
#include "child.h"
#include "layout_glibc.h"

enum { kPage = 4096, kReachPages = 64 };

uintptr_t landmarks_thread_pointer(void) {
  uintptr_t pointer = 0;
#if defined(__x86_64__)
  __asm__("mov %%fs:0, %0" : "=r"(pointer));
#elif defined(__aarch64__)
  __asm__("mrs %0, tpidr_el0" : "=r"(pointer));
#elif defined(__mips64)
  __asm__(".set push\n.set mips64r2\nrdhwr %0, $29\n.set pop" : "=r"(pointer));
#endif
  return pointer;
}

static bool within(uintptr_t word, uintptr_t low, uintptr_t high) {
  return word >= low && word < high;
}

/* Looks through pages around an address, unreadable ones skipped. Returns the address of the first word in
 * range. */
static uintptr_t find_word(uintptr_t around, uintptr_t low, uintptr_t high) {
  uintptr_t first = (around & ~(uintptr_t)(kPage - 1)) - (uintptr_t)kReachPages * kPage;
  for (int page = 0; page <= 2 * kReachPages; page++) {
    uintptr_t words[kPage / sizeof(uintptr_t)];
    uintptr_t start = first + (uintptr_t)page * kPage;
    if (!careful_read(start, words, sizeof words)) continue;
    for (size_t index = 0; index < sizeof words / sizeof *words; index++) {
      uintptr_t at = start + index * sizeof *words;
      bool is_copy = at >= (uintptr_t)words && at < (uintptr_t)words + sizeof words;
      if (!is_copy && within(words[index], low, high)) return at;
    }
  }
  return 0;
}

static void probe(void* context) {
  struct landmarks* landmarks = context;
  uintptr_t heap = (uintptr_t)sbrk(0);
  uintptr_t* volatile large = malloc(0x500);
  void* volatile fence = malloc(24);
  uintptr_t* volatile cached = malloc(24);
  if (!large || !fence || !cached) return;
  free(large);
  /* From 2.42 on the next free makes the cache struct, out of this very chunk. */
  landmarks->main_arena = large[0] - arena_top_offset();
  free(cached);
  uintptr_t slot = find_word(landmarks_thread_pointer(), heap, (uintptr_t)sbrk(0));
  landmarks->tcache_offset = (intptr_t)(slot - landmarks_thread_pointer());
  if (libc_minor() >= 34)
    landmarks->key_variable = find_word(landmarks->main_arena, cached[1], cached[1] + 1);
  landmarks->found = slot != 0;
}

void landmarks_find(struct landmarks* landmarks) {
  struct ending ending;
  child_run(probe, landmarks, false, 10, &ending);
  if (!ending.clean) landmarks->found = 0;
}

#else

void landmarks_find(struct landmarks* landmarks) {
  landmarks->found = 0;
}

#endif
