/* What the replayer can be asked for. Each mode writes its whole answer to standard output. */
#ifndef CHUNKYARD_REPLAYER_MODES_H_
#define CHUNKYARD_REPLAYER_MODES_H_

#include <stdbool.h>

#include "program.h"

struct request {
  struct program program;
  bool thread;       /* --arena thread */
  bool threads;      /* --threads: every recorded thread is one; placements, footprint and timeline only */
  bool damage;       /* --damage */
  unsigned passes;   /* --passes N: fresh children for the stopwatch */
  unsigned rounds;   /* --rounds N: runs in one child; the first is on a fresh heap */
  unsigned seconds;  /* --timeout N: for one child */
  unsigned every;    /* --every N: operations between two samples of a timeline */
  unsigned also_at;  /* --also-at N: one more sample after N operations */
  bool touch;        /* --touch: write to every page of every block */
  const char* image; /* --image FILE: with placements, the heap's bytes at the end */
};

/* Each returns the exit code. */
int mode_placements(const struct request* request);
int mode_footprint(const struct request* request);
int mode_timeline(const struct request* request);
int mode_time(const struct request* request);
int mode_syscalls(const struct request* request);

/* Complains on standard error and gives the exit code for wrong usage or bad input. */
int refuse(const char* message);

#endif
