// One mapping from its birth to its end: mmap, the buffers over it, mremap, munmap. Each function reads its
// arguments, makes at most one system call and returns a value, a handle or -errno.

#include <sys/mman.h>

#include <cerrno>

#include "arguments.h"
#include "exports.h"
#include "guard_calls.h"
#include "range_handle.h"

Napi::Value Mmap(const Napi::CallbackInfo& info) {
  Arguments in(info);
  void* const hint = reinterpret_cast<void*>(in.Address("address"));
  const size_t length = in.Size("lengthBytes");
  const int protection = in.Flags("protection");
  const int flags = in.Flags("flags");
  const int fd = in.Int("fd");
  const off_t offset = in.FileOffset("offsetBytes");
  if (flags & MAP_FIXED) {
    // It would replace what stands there, be it a range that another handle owns.
    in.Refuse("flags", "flags without MAP_FIXED", info[3], true);
  }
  if (!in.ok()) return in.Refused();

  void* const base = mmap(hint, length, protection, flags, fd, offset);
  if (base == MAP_FAILED) return Napi::Number::New(in.env(), -errno);
  return RangeHandle::Wrap(in.env(), Region::Kind::kMapping, reinterpret_cast<uintptr_t>(base), length);
}

Napi::Value Address(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const RangeHandle* const handle = RangeHandle::From(&in);
  if (!in.ok()) return in.Refused();
  return Napi::BigInt::New(in.env(), static_cast<uint64_t>(handle->region()->base));
}

Napi::Value ByteLength(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const RangeHandle* const handle = RangeHandle::From(&in);
  if (!in.ok()) return in.Refused();
  return Napi::Number::New(in.env(), static_cast<double>(handle->region()->length));
}

using MakeBuffer = Napi::Value (RangeHandle::*)(Napi::Env env, size_t offset, size_t length);

static Napi::Value BufferFrom(const Napi::CallbackInfo& info, MakeBuffer make) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  const size_t offset = in.Size("offsetBytes");
  const size_t length = in.Size("lengthBytes");
  if (in.ok()) {
    const size_t limit = handle->region()->length;
    if (offset > limit || length > limit - offset) in.OutOfRange(offset, length, limit);
  }
  if (!in.ok()) return in.Refused();
  return (handle->*make)(in.env(), offset, length);
}

Napi::Value BufferOver(const Napi::CallbackInfo& info) {
  return BufferFrom(info, &RangeHandle::NewBuffer);
}

Napi::Value ReservationBuffer(const Napi::CallbackInfo& info) {
  return BufferFrom(info, &RangeHandle::NewReservationBuffer);
}

Napi::Value Munmap(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  if (!in.ok()) return in.Refused();
  Region* const region = handle->region();
  // The break is not a mapping of ours: shrinkBreak gives it back.
  if (region->kind != Region::Kind::kMapping) return Napi::Number::New(in.env(), -EINVAL);
  if (handle->HasTransferredBuffer() || !handle->DetachBuffers()) return Napi::Number::New(in.env(), -EBUSY);

  if (!LeaveRegionLast(region)) return Napi::Number::New(in.env(), -EAGAIN);

  ForgetGuards(region->base, region->length);
  const int result = munmap(reinterpret_cast<void*>(region->base), region->length);
  if (result == 0) region->released = true;
  return ZeroOrErrno(in.env(), result);
}

Napi::Value Mremap(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  const size_t length = in.Size("lengthBytes");
  const int flags = in.Flags("flags");
#ifdef MREMAP_MAYMOVE
  // Whatever could replace another range, or leave the old one behind without an owner.
  int forbidden = MREMAP_FIXED;
#ifdef MREMAP_DONTUNMAP
  forbidden |= MREMAP_DONTUNMAP;
#endif
  if (flags & forbidden) in.Refuse("flags", "flags without MREMAP_FIXED and MREMAP_DONTUNMAP", info[2], true);
  if (!in.ok()) return in.Refused();
  Region* const region = handle->region();
  if (region->kind != Region::Kind::kMapping) return Napi::Number::New(in.env(), -EINVAL);
  if (handle->HasTransferredBuffer()) return Napi::Number::New(in.env(), -EBUSY);
  // What is shared stays where the others see it.
  if (region->number != 0) return Napi::Number::New(in.env(), -EAGAIN);

  void* const base = mremap(reinterpret_cast<void*>(region->base), region->length, length, flags);
  if (base == MAP_FAILED) return Napi::Number::New(in.env(), -errno);
  ForgetGuards(region->base, region->length);
  // No JavaScript has run since the call, so nobody has looked through a stale buffer.
  region->base = reinterpret_cast<uintptr_t>(base);
  region->length = length;
  if (!handle->DetachBuffers()) return Napi::Number::New(in.env(), -EBUSY);
  return Napi::Number::New(in.env(), 0);
#else
  (void)handle, (void)length, (void)flags;
  return in.ok() ? Napi::Number::New(in.env(), -ENOSYS) : in.Refused();
#endif
}
