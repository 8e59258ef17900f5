/* Numbers threads in the order of their first call, without allocating. */
#ifndef CHUNKYARD_RECORDER_THREAD_H_
#define CHUNKYARD_RECORDER_THREAD_H_

#include <stdint.h>

#include "layout.h"

enum { kMostThreads = 65535 };

/* The number of the calling thread; all beyond the last share it. */
uint32_t thread_number(struct log_header* header, uint32_t process);

#endif
