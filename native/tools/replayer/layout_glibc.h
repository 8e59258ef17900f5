/*
 * Where 64-bit glibc keeps what this program looks at, 2.27 and later.
 *
 *   heap_info       | arena 0 | previous heap 8 | size 16 | ...          0x20 bytes, 0x30 from 2.35
 *   malloc_state    | ... | top 96 = unsorted head | ... | system_mem | max_system_mem |    0x898 bytes
 *   from 2.43       |  top 8 = unsorted head       | ...                                    0x840 bytes
 */
#ifndef CHUNKYARD_REPLAYER_LAYOUT_GLIBC_H_
#define CHUNKYARD_REPLAYER_LAYOUT_GLIBC_H_

#if defined(__GLIBC__)

#include <gnu/libc-version.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

static const uintptr_t kHeapSpan = (uintptr_t)64 << 20;

static inline int libc_minor(void) {
  return atoi(gnu_get_libc_version() + 2);
}

static inline size_t heap_info_bytes(void) {
  return libc_minor() >= 35 ? 0x30 : 0x20;
}

static inline size_t arena_state_bytes(void) {
  return libc_minor() >= 43 ? 0x840 : 0x898;
}

/* Offset of the word `top` in malloc_state; a free chunk alone in the unsorted list points there. */
static inline size_t arena_top_offset(void) {
  return libc_minor() >= 43 ? 8 : 96;
}

/* First heap of the 64 MiB span that holds an address. */
static inline uintptr_t heap_of(uintptr_t address) {
  return address & ~(kHeapSpan - 1);
}

#endif
#endif
