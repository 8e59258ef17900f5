// What may be done to pages of a range. Each function checks that the bytes lie inside the range, makes
// exactly one call with the numbers it was given, unrounded, and returns 0 or -errno.

#include <sys/mman.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include <cerrno>
#include <string>

#include "arguments.h"
#include "exports.h"
#include "range_handle.h"

// Since Linux 5.17; older headers lack them, older kernels answer EINVAL.
#if defined(__linux__) && !defined(PR_SET_VMA)
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

Napi::Value Mprotect(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  const int protection = in.Flags("protection");
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), mprotect(range.start, range.length, protection));
}

Napi::Value Madvise(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  const int advice = in.Int("advice");
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), madvise(range.start, range.length, advice));
}

Napi::Value Msync(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  const int flags = in.Flags("flags");
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), msync(range.start, range.length, flags));
}

Napi::Value Mlock(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), mlock(range.start, range.length));
}

Napi::Value Munlock(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  if (!in.ok()) return in.Refused();
  return ZeroOrErrno(in.env(), munlock(range.start, range.length));
}

Napi::Value Mincore(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  Napi::Uint8Array out = in.Bytes("out");
  if (!in.ok()) return in.Refused();
  const size_t page = SystemPageSize();
  const size_t pages = range.length / page + (range.length % page != 0);
  if (out.ByteLength() < pages) {
    in.Refuse("out", "a Uint8Array of at least " + std::to_string(pages) + " bytes",
              Napi::Number::New(in.env(), static_cast<double>(out.ByteLength())), true);
    return in.Refused();
  }
#ifdef __APPLE__
  char* const residency = reinterpret_cast<char*>(out.Data());
#else
  unsigned char* const residency = out.Data();
#endif
  return ZeroOrErrno(in.env(), mincore(range.start, range.length, residency));
}

Napi::Value NameRange(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange range(&in);
  const std::string name = in.Text("name");
  if (!in.ok()) return in.Refused();
#ifdef __linux__
  return ZeroOrErrno(in.env(),
                     prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, range.start, range.length, name.c_str()));
#else
  return Napi::Number::New(in.env(), -ENOTSUP);
#endif
}
