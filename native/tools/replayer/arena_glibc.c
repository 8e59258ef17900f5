/* Placement of blocks on glibc, see arena.h. Layouts are those of 64-bit glibc 2.27 and later. */
#define _GNU_SOURCE
#include "arena.h"

#if defined(__GLIBC__)

#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "layout_glibc.h"

enum { kMappedBit = 2, kOtherArenaBit = 4, kFlagBits = 7 };
static bool read_word(const struct arena* arena, uintptr_t address, uintptr_t* word) {
  if (arena->careful) {
    struct iovec here = {word, sizeof *word};
    struct iovec there = {(void*)address, sizeof *word};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)sizeof *word;
  }
  *word = *(const uintptr_t*)address;
  return true;
}

static bool in_main_heap(const struct arena* arena, uintptr_t block) {
  return block >= arena->main_start && block < (uintptr_t)sbrk(0);
}

static bool in_first_heap(const struct arena* arena, uintptr_t block) {
  return arena->thread_heap != 0 && heap_of(block) == arena->thread_heap;
}

/* Size word of a block outside the first heap and the main heap; 0 when it cannot be read. */
static uintptr_t foreign_header(const struct arena* arena, uintptr_t block) {
  uintptr_t header;
  return read_word(arena, block - sizeof header, &header) ? header : 0;
}

/* Steps back from a heap to the first of its arena; `first` may be NULL. */
static unsigned heap_number(const struct arena* arena, uintptr_t heap, uintptr_t* first) {
  unsigned number = 0;
  uintptr_t previous;
  while (number < 65536 && read_word(arena, heap + sizeof heap, &previous) && previous != 0) {
    heap = previous;
    number++;
  }
  if (first) *first = heap;
  return number;
}

void arena_prepare(struct arena* arena, bool thread, bool careful) {
  arena->thread = thread;
  arena->careful = careful;
  arena->page = (size_t)sysconf(_SC_PAGESIZE);
  arena->thread_heap = 0;
  uintptr_t now = (uintptr_t)sbrk(0);
  uintptr_t boundary = (now + kHeapSpan - 1) & ~(kHeapSpan - 1);
  if (boundary != now) sbrk((intptr_t)(boundary - now));
  /* Below a heap there is nothing as a rule: a wild access there must fault, not read zeros. */
  uintptr_t first_page = (now + arena->page - 1) & ~(uintptr_t)(arena->page - 1);
  if (first_page < boundary) mprotect((void*)first_page, boundary - first_page, PROT_NONE);
  arena->main_start = (uintptr_t)sbrk(0);
  arena->first_chunk = thread ? 0 : arena->main_start;
}

void arena_notice(struct arena* arena, const void* block) {
  uintptr_t address = (uintptr_t)block;
  if (arena->first_chunk != 0 || block == NULL || in_main_heap(arena, address)) return;
  uintptr_t header = foreign_header(arena, address);
  if ((header & kMappedBit) || !(header & kOtherArenaBit)) return;
  heap_number(arena, heap_of(address), &arena->thread_heap);
  size_t before_chunks = heap_info_bytes() + arena_state_bytes();
  arena->first_chunk = arena->thread_heap + ((before_chunks + 15) & ~(size_t)15);
}

void arena_place(const struct arena* arena, const void* block, struct text* text) {
  uintptr_t address = (uintptr_t)block;
  if (block == NULL) {
    text_string(text, "0");
  } else if (in_main_heap(arena, address)) {
    if (arena->thread) text_string(text, "m:");
    text_unsigned(text, address - arena->main_start);
  } else if (in_first_heap(arena, address)) {
    text_signed(text, (int64_t)(address - arena->first_chunk));
  } else {
    uintptr_t header = foreign_header(arena, address);
    if (header & kMappedBit) {
      text_string(text, "M ");
      text_unsigned(text, header & ~(uintptr_t)kFlagBits);
      text_string(text, " ");
      text_unsigned(text, address & (arena->page - 1));
    } else if (arena->thread && (header & kOtherArenaBit)) {
      text_string(text, "h");
      text_unsigned(text, heap_number(arena, heap_of(address), NULL));
      text_string(text, ":");
      text_unsigned(text, address - heap_of(address));
    } else {
      text_signed(text, (int64_t)(address - arena->first_chunk));
    }
  }
}

size_t arena_own_mapping_bytes(const struct arena* arena, const void* block) {
  uintptr_t address = (uintptr_t)block;
  if (block == NULL || in_main_heap(arena, address) || in_first_heap(arena, address)) return 0;
  uintptr_t header = foreign_header(arena, address);
  uintptr_t lead;
  if (!(header & kMappedBit) || !read_word(arena, address - 2 * sizeof lead, &lead)) return 0;
  return (lead + (header & ~(uintptr_t)kFlagBits) + arena->page - 1) & ~(arena->page - 1);
}

size_t arena_heap_bytes(const struct arena* arena) {
  size_t bytes = (size_t)((uintptr_t)sbrk(0) - arena->main_start);
  if (arena->thread_heap == 0) return bytes;
  /* heap_info's first word is the arena; its last two are system_mem and max_system_mem. */
  uintptr_t state = *(const uintptr_t*)arena->thread_heap;
  return bytes + *(const size_t*)(state + arena_state_bytes() - 2 * sizeof(size_t));
}

#endif
