/*
 * The heap over time: every so many operations a line of what is live and what it takes.
 *
 *   sample <operations done> <live> <usable> <blocks> <heap> <top> <resident>     bytes, but for the counts
 *
 * live: asked for and not freed; usable: what these blocks hold; heap, top: as in arena.h; resident:
 * anonymous memory of the process beyond what it had before, as the kernel counts it in
 * /proc/self/smaps_rollup, 0 where there is none.
 */
#ifndef CHUNKYARD_REPLAYER_TIMELINE_H_
#define CHUNKYARD_REPLAYER_TIMELINE_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "program.h"
#include "text.h"

struct block_bytes {
  size_t asked;
  size_t usable;
};

struct timeline {
  uint64_t every;   /* operations from one line to the next */
  uint64_t also_at; /* one more line after so many operations */
  bool touch;       /* write to every page of every block, as its program would */
  struct block_bytes* bytes;
  size_t live;
  size_t usable;
  size_t blocks;
  size_t resident_before;
  struct text lines;
};

/* To be called where the program will run, before it does: notes what is resident already. */
void timeline_begin(struct timeline* timeline);

/* Accounts for an operation. `given` is its block, NULL for none. */
void timeline_note(struct timeline* timeline, const struct operation* operation, void* given);

/* True when a line is wanted after so many operations. */
bool timeline_is_due(const struct timeline* timeline, uint64_t operations);

/* Writes a line. */
void timeline_sample(struct timeline* timeline, uint64_t operations, size_t heap, size_t top);

#endif
