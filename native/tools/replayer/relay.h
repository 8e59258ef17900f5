/*
 * A program of several threads on as many real ones: they take turns as the trace does, one at a time, so
 * that every run comes to the same. What the trace does not say, when two threads ran at once, is not
 * replayed.
 */
#ifndef CHUNKYARD_REPLAYER_RELAY_H_
#define CHUNKYARD_REPLAYER_RELAY_H_

#include "runs.h"

/* What all threads share. */
struct relay {
  const struct program* program;
  void** blocks;
  struct arena* arena;
  struct watch* watch;
};

/* Starts the threads and runs the program; the caller is thread 0. False when a thread cannot be started. */
bool relay_run(const struct relay* relay);

#endif
