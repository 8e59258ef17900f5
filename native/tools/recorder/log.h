/*
 * Writing to the log. Nothing here locks, formats or allocates, and errno is left as it was: between the
 * traced program and its allocator stands one atomic add and a record of 24 bytes.
 */
#ifndef CHUNKYARD_RECORDER_LOG_H_
#define CHUNKYARD_RECORDER_LOG_H_

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "layout.h"

#if defined(__linux__) && !defined(MADV_POPULATE_WRITE)
#define MADV_POPULATE_WRITE 23
#endif

enum log_phase { kUnset = 0, kSettingUp, kRecording, kOff };

/*
 * A page that a forked child finds empty: it then sets up a log of its own. No handler is needed, and none is
 * missed, however the child was made.
 */
struct log_state {
  _Atomic uint32_t phase;
  uint32_t process; /* tells a child's threads from those it was copied from */
  uint64_t record_bytes;
  struct log_header* header;
};

extern struct log_state* log_state;

/*
 * Pages of the log are made before they are touched: where the disk has no room for more, touching one would
 * end the program. Every kStep records the thread that claims one makes room for the step that is
 * kStepsAhead; other threads do not wait for it.
 */
enum { kStep = 1 << 13, kStepsAhead = 4 };

/* Makes room for a step from this record on. False when there is none. */
bool log_make_room(struct log_header* header, uint64_t first);

/* Sets the log up if this process is to have one. True when records can be written. */
bool log_open(void);

/* Writes one record. */
void log_write(enum record_kind kind, const void* block, size_t size, size_t alignment, const void* site);

/* Counts an allocation that got nothing. */
void log_failure(void);

static inline bool log_ready(void) {
  struct log_state* state = log_state;
  if (__builtin_expect(state != NULL, 1)) {
    const uint32_t phase = atomic_load_explicit(&state->phase, memory_order_acquire);
    if (__builtin_expect(phase == kRecording, 1)) return true;
    if (phase != kUnset) return false;
  }
  return log_open();
}

#endif
