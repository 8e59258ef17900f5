/* The two ways to run a program: watched, where every result is looked at, and bare, for a stopwatch. */
#ifndef CHUNKYARD_REPLAYER_RUNS_H_
#define CHUNKYARD_REPLAYER_RUNS_H_

#include "arena.h"
#include "program.h"
#include "text.h"
#include "timeline.h"

/* What a watched run leaves in shared memory. Valid up to the last operation done, also after a crash. */
struct watch {
  bool placements;           /* write a line for every operation */
  bool damage;               /* run the operations that only damage traces have */
  struct timeline* timeline; /* looked at on the way; NULL for no look */
  struct text lines;
  size_t bytes_before; /* heap bytes that were there already */
  size_t mapped_bytes; /* in mappings of their own, now */
  uint64_t operations;
  uint64_t failed; /* allocations that got NULL */
  size_t peak_bytes;
};

/* Runs the program and looks at every result, from a record to the end or to the next record that names a
 * thread, whose index it returns. `blocks` is a zeroed table of the program's blocks. */
uint64_t run_watched(const struct program* program, uint64_t from, void** blocks, struct arena* arena,
                     struct watch* watch);

/* Runs one damage operation; true if it wrote its own line (`= value`). */
bool run_damage(const struct operation* operation, void** blocks, const struct arena* arena,
                struct text* lines);

/* Runs a c m r f and nothing else: heap calls and the table of pointers. */
void run_bare(const struct program* program, void** blocks);

#endif
