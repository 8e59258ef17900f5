// Ownership of ranges: see range_handle.h for the picture.

#include "range_handle.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "guard_calls.h"
#include "uncounted_buffer.h"

namespace {

// Random: an object carries this tag only if Wrap() made it, so a foreign object can never be unwrapped.
constexpr napi_type_tag kRangeTag = {0x6b1f0d9c52e84a37, 0x9a64e3b85d7c10f2};

// What an external ArrayBuffer's finalizer holds.
struct Hold {
  std::shared_ptr<Region> region;
  std::shared_ptr<std::atomic<bool>> finalized;
};

void LetGo(void* hint) {
  Hold* hold = static_cast<Hold*>(hint);
  *hold->finalized = true;
  delete hold;
}

void OnBufferFinalized(napi_env, void*, void* hint) {
  LetGo(hint);
}

void OnHandleFinalized(napi_env, void* data, void*) {
  delete static_cast<RangeHandle*>(data);
}

}  // namespace

Region::~Region() {
  if (released) return;
  ForgetGuards(base, length);
  if (kind == Kind::kMapping) munmap(reinterpret_cast<void*>(base), length);
}

Napi::Value RangeHandle::Wrap(Napi::Env env, Region::Kind kind, uintptr_t base, size_t length) {
  return Wrap(env, std::make_shared<Region>(kind, base, length));
}

Napi::Value RangeHandle::Wrap(Napi::Env env, std::shared_ptr<Region> region) {
  auto* handle = new RangeHandle(std::move(region));
  Napi::Object object = Napi::Object::New(env);
  if (napi_type_tag_object(env, object, &kRangeTag) != napi_ok ||
      napi_wrap(env, object, handle, OnHandleFinalized, nullptr, nullptr) != napi_ok) {
    delete handle;
    napi_throw_error(env, nullptr, "could not make a handle for the mapping");
    return env.Undefined();
  }
  return object;
}

RangeHandle::~RangeHandle() {
  if (left_) return;
  // Before it leaves: the last one to leave may unmap at once.
  if (!region_->released) end_note_.Write();
  LeaveRegion(region_.get());
}

int RangeHandle::Leave() {
  left_ = true;
  return LeaveRegion(region_.get());
}

RangeHandle* RangeHandle::From(Arguments* in) {
  const Napi::Value value = in->Next();
  bool tagged = false;
  void* data = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(in->env(), value, &kRangeTag, &tagged) != napi_ok ||
      !tagged || napi_unwrap(in->env(), value, &data) != napi_ok) {
    in->Refuse("mapping", "a handle that mmap or growBreak returned", value, false);
    return nullptr;
  }
  auto* handle = static_cast<RangeHandle*>(data);
  if (!handle->region_->released && !handle->left_) return handle;
  in->Fail("ERR_INVALID_STATE", "the mapping is already unmapped");
  return nullptr;
}

Napi::Value RangeHandle::NewBuffer(Napi::Env env, size_t offset, size_t length) {
  // The engine ignores the finalizer of an empty buffer, and an empty one can never dangle: lend nothing.
  if (length == 0) return Napi::ArrayBuffer::New(env, 0);

  ForgetFinalized();
  auto* hold = new Hold{region_, std::make_shared<std::atomic<bool>>(false)};
  const std::shared_ptr<std::atomic<bool>> finalized = hold->finalized;
  void* data = reinterpret_cast<void*>(region_->base + offset);
  napi_value buffer;
  const napi_status status =
      napi_create_external_arraybuffer(env, data, length, OnBufferFinalized, hold, &buffer);
  if (status == napi_ok) {
    loans_.push_back({Napi::Weak(Napi::ArrayBuffer(env, buffer)), finalized});
    return Napi::Value(env, buffer);
  }
  // After some failures the finalizer still comes, after others never: leave it an empty shell, nothing more.
  hold->region.reset();
  if (status == napi_no_external_buffers_allowed) {
    delete hold;
    napi_throw_error(env, "ERR_EXTERNAL_BUFFERS_NOT_ALLOWED",
                     "this build of Node.js allows no ArrayBuffer over memory of its own, so mapped memory "
                     "cannot be reached from JavaScript");
  } else if (!env.IsExceptionPending()) {
    napi_throw_error(env, nullptr, "could not make an ArrayBuffer over the mapping");
  }
  return env.Undefined();
}

Napi::Value RangeHandle::NewReservationBuffer(Napi::Env env, size_t offset, size_t length) {
  if (length == 0) return NewBuffer(env, offset, length);
  ForgetFinalized();
  auto* hold = new Hold{region_, std::make_shared<std::atomic<bool>>(false)};
  const std::shared_ptr<std::atomic<bool>> finalized = hold->finalized;
  void* data = reinterpret_cast<void*>(region_->base + offset);
  const Napi::Value buffer = NewUncountedBuffer(env, data, length, LetGo, hold);
  if (buffer.IsEmpty()) {
    delete hold;
    return NewBuffer(env, offset, length);
  }
  loans_.push_back({Napi::Weak(buffer.As<Napi::ArrayBuffer>()), finalized});
  return buffer;
}

bool RangeHandle::HasTransferredBuffer() const {
  for (const Loan& loan : loans_) {
    if (*loan.finalized) continue;
    const Napi::ArrayBuffer buffer = loan.buffer.Value();
    // Collected, yet the backing store is not: transferred, or its finalizer is a turn away. Not ours to
    // guess.
    if (buffer.IsEmpty()) return true;
    // Detached, though nobody but DetachBuffers() detaches for us, and that one drops the loan.
    if (buffer.IsDetached()) return true;
  }
  return false;
}

bool RangeHandle::DetachBuffers() {
  while (!loans_.empty()) {
    const Loan& loan = loans_.back();
    const Napi::ArrayBuffer buffer = loan.buffer.Value();
    if (!buffer.IsEmpty() && !buffer.IsDetached()) {
      if (napi_detach_arraybuffer(loan.buffer.Env(), buffer) != napi_ok) return false;
    }
    loans_.pop_back();
  }
  return true;
}

void RangeHandle::ForgetFinalized() {
  const auto is_finalized = [](const Loan& loan) { return loan.finalized->load(); };
  loans_.erase(std::remove_if(loans_.begin(), loans_.end(), is_finalized), loans_.end());
}

PageRange::PageRange(Arguments* in) : handle(RangeHandle::From(in)) {
  const size_t offset = in->Size("offset");
  length = in->Size("length");
  if (!in->ok()) {
    handle = nullptr;
    return;
  }
  const Region& region = *handle->region();
  // The kernel maps whole pages, so the last one belongs to a mapping in full; a break ends at its byte.
  const size_t slack = region.kind == Region::Kind::kMapping ? SystemPageSize() - 1 : 0;
  const size_t end = (region.length + slack) & ~slack;
  if (offset > end || length > end - offset) {
    in->OutOfRange(offset, length, end);
    handle = nullptr;
    return;
  }
  start = reinterpret_cast<void*>(region.base + offset);
}

size_t SystemPageSize() {
  return static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

Napi::Value ZeroOrErrno(Napi::Env env, int result) {
  return Napi::Number::New(env, result == 0 ? 0 : -errno);
}
