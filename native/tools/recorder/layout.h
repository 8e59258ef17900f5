/*
 * The log of one process: a file mapped shared, so that what was written is there whatever ends the process.
 * lib/trace/raw-log.ts reads it; both sides must change together. Little-endian, as every platform of ours
 * is.
 *
 *      0   8   "CYRAWLG1"
 *      8   4   bytes of a record: 24, or 40 with times or call sites
 *     12   4   options: 1 times, 2 call sites
 *     16   8   records claimed so far; the ones beyond the capacity were lost
 *     24   8   capacity in records
 *     32   8   allocations that got no memory
 *     40   8   start of the recording, CLOCK_MONOTONIC in ns
 *     48   4   process
 *     52   4   its parent when the recording began
 *     56   4   1 when the process ended by exit()
 *     60   4   1 when it began by fork() without exec
 *     64   8   threads
 *    128 3968  command line, arguments ended by NUL, the rest NUL
 *   4096  ..   records
 *
 * A record is claimed by one atomic add and complete when its kind is not 0:
 *
 *      0   1   kind
 *      1   1   0
 *      2   2   thread, from 0 in order of the first call
 *      4   4   alignment of a memalign
 *      8   8   address; 0 = null
 *     16   8   bytes asked for
 *     24   8   ns since the start                   \  only in records
 *     32   8   address that the call returns to     /  of 40 bytes
 */
#ifndef CHUNKYARD_RECORDER_LAYOUT_H_
#define CHUNKYARD_RECORDER_LAYOUT_H_

#include <stdatomic.h>
#include <stdint.h>

enum record_kind {
  kMalloc = 1,
  kCalloc = 2,
  kMemalign = 3,
  kReallocBegins = 4, /* address: the old block; claimed before the call */
  kReallocEnds = 5,   /* address: the new block; claimed after it, by the same thread */
  kFree = 6,
};

enum { kTimes = 1, kSites = 2 };

struct record {
  _Atomic uint32_t head; /* kind and thread: written last */
  uint32_t alignment;
  uint64_t address;
  uint64_t size;
  uint64_t time;
  uint64_t site;
};

enum { kShortRecord = 24, kLongRecord = 40, kHeaderBytes = 4096 };

struct log_header {
  char magic[8];
  uint32_t record_bytes;
  uint32_t options;
  _Atomic uint64_t claimed;
  _Atomic uint64_t capacity;
  _Atomic uint64_t failed;
  uint64_t start;
  uint32_t process;
  uint32_t parent;
  _Atomic uint32_t ended;
  uint32_t forked;
  _Atomic uint64_t threads;
  char unused[56];
  char command[kHeaderBytes - 128];
};

_Static_assert(sizeof(struct record) == kLongRecord, "record");
_Static_assert(sizeof(struct log_header) == kHeaderBytes, "header");

#endif
