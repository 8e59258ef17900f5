// One range, several threads: each has a handle and buffers of its own. See region.h.

#include <sys/mman.h>

#include <cerrno>

#include "arguments.h"
#include "exports.h"
#include "guard_calls.h"
#include "range_handle.h"

Napi::Value ShareRange(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const RangeHandle* const handle = RangeHandle::From(&in);
  if (!in.ok()) return in.Refused();
  return Napi::BigInt::New(in.env(), ShareRegion(handle->shared_region()));
}

Napi::Value AttachRange(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const size_t number = in.Size("number");
  if (!in.ok()) return in.Refused();
  std::shared_ptr<Region> region = AttachRegion(number);
  if (!region) return Napi::Number::New(in.env(), -ENOENT);
  return RangeHandle::Wrap(in.env(), std::move(region));
}

Napi::Value DetachRange(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  if (!in.ok()) return in.Refused();
  if (handle->HasTransferredBuffer() || !handle->DetachBuffers()) return Napi::Number::New(in.env(), -EBUSY);

  Region* const region = handle->region();
  const int left = handle->Leave();
  if (left > 0 || region->kind != Region::Kind::kMapping) return Napi::Number::New(in.env(), left);
  ForgetGuards(region->base, region->length);
  const int result = munmap(reinterpret_cast<void*>(region->base), region->length);
  if (result == 0) region->released = true;
  return ZeroOrErrno(in.env(), result);
}

Napi::Value NoteEnd(const Napi::CallbackInfo& info) {
  Arguments in(info);
  RangeHandle* const handle = RangeHandle::From(&in);
  const size_t state = in.Size("stateOffset");
  const int alive = in.Int("alive");
  const size_t count = in.Size("countOffset");
  if (!in.ok()) return in.Refused();
  const Region& region = *handle->region();
  for (const size_t offset : {state, count}) {
    if (offset % 4 != 0 || region.length < 4 || offset > region.length - 4) {
      in.OutOfRange(offset, 4, region.length);
      return in.Refused();
    }
  }
  const auto word = [&region](size_t offset) {
    return reinterpret_cast<std::atomic<int32_t>*>(region.base + offset);
  };
  handle->set_end_note({word(state), word(count), alive});
  return in.env().Undefined();
}
