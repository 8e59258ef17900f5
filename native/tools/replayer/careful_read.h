/*
 * Reads this process's own memory where there may be none, without dying of it. The kernel copies it; an
 * emulated process, whose emulator does not pass that call on, sends it through a pipe.
 */
#ifndef CHUNKYARD_REPLAYER_CAREFUL_READ_H_
#define CHUNKYARD_REPLAYER_CAREFUL_READ_H_

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>
#include <unistd.h>

/* A pipe takes this much at one time. */
enum { kMostCarefulBytes = 4096 };

static inline bool careful_read_through_pipe(uintptr_t address, void* bytes, size_t count) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  bool written = write(ends[1], (const void*)address, count) == (ssize_t)count;
  bool done = written && read(ends[0], bytes, count) == (ssize_t)count;
  close(ends[0]);
  close(ends[1]);
  return done;
}

/* Copies at most kMostCarefulBytes. Returns false where not all of them can be read. */
static inline bool careful_read(uintptr_t address, void* bytes, size_t count) {
  struct iovec here = {bytes, count};
  struct iovec there = {(void*)address, count};
  ssize_t copied = process_vm_readv(getpid(), &here, 1, &there, 1, 0);
  if (copied < 0 && errno == ENOSYS) return careful_read_through_pipe(address, bytes, count);
  return copied == (ssize_t)count;
}

#endif
