/*
 * What the launcher asks for, in one environment variable that children inherit:
 *
 *   CHUNKYARD_RECORD=LAUNCHER:OPTIONS:CAPACITY:FOLLOW:FOLDER/
 *
 * LAUNCHER is the process whose child is recorded; OPTIONS the sum of kTimes and kSites; CAPACITY records at
 * most; FOLLOW which other processes too: empty for none, * for all, or names of programs between commas.
 */
#ifndef CHUNKYARD_RECORDER_CONFIG_H_
#define CHUNKYARD_RECORDER_CONFIG_H_

#include <stdbool.h>
#include <stdint.h>

struct config {
  uint64_t launcher;
  uint64_t options;
  uint64_t capacity;
  const char* follow;
  const char* folder;
};

/* Reads the variable once for this process image. Null when there is none or it is malformed. */
const struct config* config_read(void);

/* Whether this process is one to record: the launcher's own child, or one that is followed. */
bool config_wants_this_process(const struct config* config);

#endif
