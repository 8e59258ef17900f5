/* Placement of blocks on glibc, see arena.h. Layouts are those of 64-bit glibc 2.27 and later. */
#define _GNU_SOURCE
#include "arena.h"

#if defined(__GLIBC__)

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "careful_read.h"
#include "layout_glibc.h"

enum { kMappedBit = 2, kOtherArenaBit = 4, kFlagBits = 7 };
static bool read_word(const struct arena* arena, uintptr_t address, uintptr_t* word) {
  if (arena->careful) return careful_read(address, word, sizeof *word);
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

struct search {
  uintptr_t address;
  const char* object;
};

static int holds_address(struct dl_phdr_info* info, size_t size, void* context) {
  (void)size;
  struct search* search = context;
  for (int index = 0; index < info->dlpi_phnum; index++) {
    const ElfW(Phdr)* part = &info->dlpi_phdr[index];
    uintptr_t start = (uintptr_t)info->dlpi_addr + part->p_vaddr;
    if (part->p_type != PT_LOAD || search->address - start >= part->p_memsz) continue;
    search->object = info->dlpi_name;
    return 1;
  }
  return 0;
}

static const char* object_of(uintptr_t address) {
  struct search search = {address, ""};
  dl_iterate_phdr(holds_address, &search);
  return search.object;
}

const char* arena_preloaded(void) {
  const char* object = object_of((uintptr_t)malloc);
  return object == object_of((uintptr_t)gnu_get_libc_version) ? NULL : object;
}

void arena_prepare(struct arena* arena) {
  arena->page = (size_t)sysconf(_SC_PAGESIZE);
  arena->thread_heap = arena->first_chunk = arena->main_start = 0;
  arena->foreign = arena_preloaded() != NULL;
  if (arena->foreign) return;
  uintptr_t now = (uintptr_t)sbrk(0);
  uintptr_t boundary = (now + kHeapSpan - 1) & ~(kHeapSpan - 1);
  if (boundary != now) sbrk((intptr_t)(boundary - now));
  /* Below a heap there is nothing as a rule: a wild access there must fault, not read zeros. */
  uintptr_t first_page = (now + arena->page - 1) & ~(uintptr_t)(arena->page - 1);
  if (first_page < boundary) mprotect((void*)first_page, boundary - first_page, PROT_NONE);
  arena->main_start = (uintptr_t)sbrk(0);
  arena->first_chunk = arena->thread ? 0 : arena->main_start;
}

void arena_notice(struct arena* arena, const void* block) {
  uintptr_t address = (uintptr_t)block;
  if (block == NULL || (arena->threads ? arena->thread_heap : arena->first_chunk) != 0) return;
  if (arena->foreign) {
    /* As if a header of 16 bytes stood before it: 0 is the line of a null pointer. */
    arena->first_chunk = address - 16;
    return;
  }
  if (in_main_heap(arena, address)) return;
  uintptr_t header = foreign_header(arena, address);
  if ((header & kMappedBit) || !(header & kOtherArenaBit)) return;
  heap_number(arena, heap_of(address), &arena->thread_heap);
  if (arena->threads) return;
  size_t before_chunks = heap_info_bytes() + arena_state_bytes();
  arena->first_chunk = arena->thread_heap + ((before_chunks + 15) & ~(size_t)15);
}

void arena_place(const struct arena* arena, const void* block, struct text* text) {
  uintptr_t address = (uintptr_t)block;
  if (block == NULL) {
    text_string(text, "0");
  } else if (arena->foreign) {
    text_signed(text, (int64_t)(address - arena->first_chunk));
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
  if (block == NULL || arena->foreign) return 0;
  if (in_main_heap(arena, address) || in_first_heap(arena, address)) return 0;
  uintptr_t header = foreign_header(arena, address);
  uintptr_t lead;
  if (!(header & kMappedBit) || !read_word(arena, address - 2 * sizeof lead, &lead)) return 0;
  return (lead + (header & ~(uintptr_t)kFlagBits) + arena->page - 1) & ~(arena->page - 1);
}

static uintptr_t word_at(uintptr_t address) {
  return *(const uintptr_t*)address;
}

/* The thread arenas, one after the other: 0 for the first, 0 again after the last. The ring of all arenas
 * goes through the main one too, which lies in no heap. */
static uintptr_t next_state(const struct arena* arena, uintptr_t state) {
  /* heap_info's first word is the arena. */
  uintptr_t first = arena->thread_heap == 0 ? 0 : word_at(arena->thread_heap);
  if (state == 0 || !arena->threads) return state == 0 ? first : 0;
  do {
    state = word_at(state + arena_state_bytes() - 5 * sizeof state);
    if (state == first) return 0;
  } while (state != heap_of(state) + heap_info_bytes());
  return state;
}

size_t arena_heap_bytes(const struct arena* arena) {
  if (arena->foreign) return 0;
  size_t bytes = (size_t)((uintptr_t)sbrk(0) - arena->main_start);
  for (uintptr_t state = 0; (state = next_state(arena, state)) != 0;) {
    /* The last two words are system_mem and max_system_mem. */
    bytes += word_at(state + arena_state_bytes() - 2 * sizeof state);
  }
  return bytes;
}

static size_t main_top_bytes(void) {
#if __GLIBC_PREREQ(2, 33)
  return mallinfo2().keepcost;
#else
  return (unsigned)mallinfo().keepcost;
#endif
}

size_t arena_top_bytes(const struct arena* arena) {
  if (arena->foreign) return 0;
  size_t bytes = arena->thread ? 0 : main_top_bytes();
  for (uintptr_t state = 0; (state = next_state(arena, state)) != 0;) {
    uintptr_t top = word_at(state + arena_top_offset());
    bytes += word_at(top + sizeof top) & ~(uintptr_t)kFlagBits;
  }
  return bytes;
}

#endif
