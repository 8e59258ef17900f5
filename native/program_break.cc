// The program break, which the process's own malloc grows as well. Every change is checked before and after;
// the raw brk system call is never made, because libc would not learn of it. sbrk takes no lock: what calls
// this keeps to the main thread (lib/posix/program-break.ts).

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "arguments.h"
#include "exports.h"
#include "range_handle.h"

namespace {

constexpr uintptr_t kRefused = UINTPTR_MAX;

// sbrk as a number; kRefused with errno set when the system refuses. macOS only pretends to have a break.
uintptr_t Sbrk(intptr_t increment) {
#ifdef __APPLE__
  (void)increment;
  errno = ENOSYS;
  return kRefused;
#else
  return reinterpret_cast<uintptr_t>(sbrk(increment));
#endif
}

// The first, partly used page may hold what malloc once left there; the kernel zeroes all others.
void ClearFirstPage(uintptr_t base, size_t bytes) {
  const size_t page = SystemPageSize();
  const size_t used = base % page;
  const size_t rest = used == 0 ? 0 : page - used;
  std::memset(reinterpret_cast<void*>(base), 0, rest < bytes ? rest : bytes);
}

// Grows the break, seen at `before` a moment ago, by bytes that read as zero. Returns 0 or -errno.
int GrowFrom(uintptr_t before, size_t bytes) {
  if (bytes == 0) return -EINVAL;
  if (bytes > static_cast<size_t>(INTPTR_MAX)) return -ENOMEM;
  const uintptr_t base = Sbrk(static_cast<intptr_t>(bytes));
  if (base == kRefused) return -errno;
  if (base != before || Sbrk(0) != base + bytes) {
    // Another thread was in between. Give back only if ours is still the last word, else leave it: a few
    // pages lost.
    if (Sbrk(0) == base + bytes) Sbrk(-static_cast<intptr_t>(bytes));
    return -EBUSY;
  }
  ClearFirstPage(base, bytes);
  return 0;
}

}  // namespace

Napi::Value ProgramBreak(const Napi::CallbackInfo& info) {
  const uintptr_t now = Sbrk(0);
  if (now == kRefused) return Napi::Number::New(info.Env(), -errno);
  return Napi::BigInt::New(info.Env(), static_cast<uint64_t>(now));
}

Napi::Value GrowBreak(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const size_t bytes = in.Size("bytes");
  if (!in.ok()) return in.Refused();
  const uintptr_t before = Sbrk(0);
  if (before == kRefused) return Napi::Number::New(in.env(), -errno);
  const int refused = GrowFrom(before, bytes);
  if (refused != 0) return Napi::Number::New(in.env(), refused);
  return RangeHandle::Wrap(in.env(), Region::Kind::kBreak, before, bytes);
}

Napi::Value ExtendBreak(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  const size_t bytes = in.Size("bytes");
  if (!in.ok()) return in.Refused();
  Region* const region = handle->region();
  if (region->kind != Region::Kind::kBreak) return Napi::Number::New(in.env(), -EINVAL);
  const uintptr_t end = region->base + region->length;
  if (Sbrk(0) != end) return Napi::Number::New(in.env(), -EBUSY);
  const int refused = GrowFrom(end, bytes);
  if (refused == 0) region->length += bytes;
  return Napi::Number::New(in.env(), refused);
}

Napi::Value ShrinkBreak(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  const size_t bytes = in.Size("bytes");
  if (!in.ok()) return in.Refused();
  Region* const region = handle->region();
  if (region->kind != Region::Kind::kBreak || bytes == 0) return Napi::Number::New(in.env(), -EINVAL);
  if (bytes > region->length) {
    in.OutOfRange(0, bytes, region->length);
    return in.Refused();
  }
  if (Sbrk(0) != region->base + region->length) return Napi::Number::New(in.env(), -EBUSY);
  if (handle->HasTransferredBuffer() || !handle->DetachBuffers()) return Napi::Number::New(in.env(), -EBUSY);

  if (Sbrk(-static_cast<intptr_t>(bytes)) == kRefused) return Napi::Number::New(in.env(), -errno);
  region->length -= bytes;
  if (region->length == 0) region->released = true;
  return Napi::Number::New(in.env(), 0);
}
