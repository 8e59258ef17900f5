/*
 * The bytes of the heap under study at the end of a run, with the addresses needed to understand them: what a
 * simulation must reproduce. A file of text lines, then the bytes of the sections in their order:
 *
 *   chunkyard-image 1
 *   <key> <0x..>                        main-start, main-arena, tcache, tcache-key
 *   section <name> <0x address> <bytes>
 *   end
 */
#ifndef CHUNKYARD_REPLAYER_IMAGE_H_
#define CHUNKYARD_REPLAYER_IMAGE_H_

#include "arena.h"

/* What a throw-away child found out; addresses are the same in every child of this process. */
struct landmarks {
  uintptr_t main_arena;   /* malloc_state of the main arena */
  uintptr_t key_variable; /* where the library keeps the random key of cached blocks, 0 if it has none */
  intptr_t tcache_offset; /* thread pointer to the pointer to the thread's cache struct */
  int found;
};

/* Fills `landmarks`, which must be in shared memory. To be called before the child under study is forked. */
void landmarks_find(struct landmarks* landmarks);

/* The calling thread's: what its own variables are addressed from. */
uintptr_t landmarks_thread_pointer(void);

/*
 * In the child, on the thread that will replay: from now on the image is written to `descriptor` also when
 * the run dies. Then, after a good run, image_write does it.
 */
void image_arm(int descriptor, const struct landmarks* landmarks, const struct arena* arena);
void image_write(void);

#endif
