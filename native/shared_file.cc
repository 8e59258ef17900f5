// Files that live in memory, to be mapped more than once or handed to another process.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "arguments.h"
#include "exports.h"

#ifdef __APPLE__
#include <cstdlib>
#endif

#if defined(__APPLE__)
// macOS has no memfd_create: a shared memory object under a random name, unlinked at once, is as anonymous.
static int CreateMemoryFile(const char*, unsigned) {
  for (int attempt = 0; attempt < 16; ++attempt) {
    const std::string name = "/chunkyard-" + std::to_string(arc4random());
    const int fd = shm_open(name.c_str(), O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd >= 0) {
      shm_unlink(name.c_str());
      return fd;
    }
    if (errno != EEXIST) return -1;
  }
  return -1;
}
#else
static int CreateMemoryFile(const char* name, unsigned flags) {
  return memfd_create(name, flags);
}
#endif

Napi::Value MemoryFile(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const std::string name = in.Text("name");
  const int flags = in.Flags("flags");
  if (!in.ok()) return in.Refused();
  const int fd = CreateMemoryFile(name.c_str(), static_cast<unsigned>(flags));
  return Napi::Number::New(in.env(), fd >= 0 ? fd : -errno);
}

Napi::Value AddSeals(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int fd = in.Int("fd");
  const int seals = in.Flags("seals");
  if (!in.ok()) return in.Refused();
#ifdef F_ADD_SEALS
  return Napi::Number::New(in.env(), fcntl(fd, F_ADD_SEALS, seals) == 0 ? 0 : -errno);
#else
  (void)fd, (void)seals;
  return Napi::Number::New(in.env(), -ENOSYS);
#endif
}
