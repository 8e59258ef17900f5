// Pages of a file inside a reserved range, and the file below them: its lock, its blocks, its holes. Each
// function makes one call with the numbers it was given and returns 0 or -errno.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "arguments.h"
#include "exports.h"
#include "range_handle.h"

// Takes the one lock of an open file, for as long as it is open; -EWOULDBLOCK when another opening holds it.
Napi::Value LockFile(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int fd = in.Int("fd");
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), flock(fd, LOCK_EX | LOCK_NB));
}

#ifndef __linux__
// Where there is no such call: writes what is there over itself, zeros behind its end.
static int FillFile(int fd, off_t offset, off_t end) {
  static char bytes[65536];
  while (offset < end) {
    const size_t wanted = static_cast<size_t>(std::min<off_t>(sizeof bytes, end - offset));
    ssize_t count = pread(fd, bytes, wanted, offset);
    if (count < 0) return errno;
    if (count == 0) {
      std::fill(bytes, bytes + wanted, 0);
      count = static_cast<ssize_t>(wanted);
    }
    const ssize_t written = pwrite(fd, bytes, static_cast<size_t>(count), offset);
    if (written < 0) return errno;
    offset += written;
  }
  return 0;
}
#endif

// Gives bytes of a file blocks of their own, so that no store to them can find the disk full.
Napi::Value AllocateFile(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int fd = in.Int("fd");
  const off_t offset = in.FileOffset("offsetBytes");
  const off_t length = in.FileOffset("lengthBytes");
  if (!in.ok()) return in.Refused();
#ifdef __linux__
  int error = EINTR;
  while (error == EINTR) error = posix_fallocate(fd, offset, length);
#else
  const int error = FillFile(fd, offset, offset + length);
#endif
  return Napi::Number::New(in.env(), -error);
}

// Gives blocks of a file back: the bytes read as zero from then on.
Napi::Value PunchFile(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int fd = in.Int("fd");
  const off_t offset = in.FileOffset("offsetBytes");
  const off_t length = in.FileOffset("lengthBytes");
  if (!in.ok()) return in.Refused();
#ifdef __linux__
  return ZeroOrErrno(in.env(), fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length));
#else
  (void)fd, (void)offset, (void)length;
  return Napi::Number::New(in.env(), -ENOTSUP);
#endif
}

// Puts pages of a file, or empty private ones (fd -1), in the place of pages of a range we own.
Napi::Value MapInto(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  const int fd = in.Int("fd");
  const off_t offset = in.FileOffset("offsetBytes");
  if (!in.ok()) return in.Refused();
  const int kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED;
  void* const place =
      mmap(range.start, range.length, PROT_READ | PROT_WRITE, kind | MAP_FIXED, fd, fd < 0 ? 0 : offset);
  return Napi::Number::New(in.env(), place == MAP_FAILED ? -errno : 0);
}
