/*
 * Call sites are addresses; what lies there is told by copies of the process map, taken when the recording
 * begins and each time the number of records has doubled, as libraries come later too. They stand beside the
 * log: PROCESS.N.log.maps, one copy after the other.
 */
#ifndef CHUNKYARD_RECORDER_SITES_H_
#define CHUNKYARD_RECORDER_SITES_H_

#include <stdint.h>

#include "layout.h"

void sites_begin(const char* log_path);
void sites_copy_map(void);

static inline void sites_note(const struct log_header* header, uint64_t index) {
  (void)header;
  if (__builtin_expect((index & (index - 1)) == 0 && index >= 256, 0)) sites_copy_map();
}

#endif
