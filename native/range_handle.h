// Who owns a range of addresses, and when it ends.
//
//   JavaScript handle --wraps--> RangeHandle --shared_ptr--> Region (base, length, released)
//                                    |                          ^
//                                    | weak                     | shared_ptr, held by the finalizer
//                                    v                          |
//                               ArrayBuffer -----backing store--+
//
// Guarantees: the last of handles (one for each thread that attached) and buffers to go unmaps the region,
// once; a region already released is never touched again, although the finalizers of detached buffers run a
// turn of the event loop later; a buffer whose memory was moved to another ArrayBuffer (transfer(), Node 22
// and later) is noticed before anything is done.

#ifndef NATIVE_RANGE_HANDLE_H_
#define NATIVE_RANGE_HANDLE_H_

#include <napi.h>

#include <atomic>
#include <memory>
#include <vector>

#include "arguments.h"
#include "region.h"

class RangeHandle {
 public:
  // A JavaScript object that owns the region from now on.
  static Napi::Value Wrap(Napi::Env env, Region::Kind kind, uintptr_t base, size_t length);

  // The same for a region that other threads own as well.
  static Napi::Value Wrap(Napi::Env env, std::shared_ptr<Region> region);

  ~RangeHandle();

  // The handle behind the next argument; null, with an exception pending, if it is none or already released.
  static RangeHandle* From(Arguments* in);

  Region* region() const { return region_.get(); }
  const std::shared_ptr<Region>& shared_region() const { return region_; }

  // What is written when this handle ends without Leave(): collected, or its thread is gone.
  void set_end_note(const EndNote& note) { end_note_ = note; }

  // This handle is no longer attached; its calls are refused from now on. The number of others left.
  int Leave();

  // A new external ArrayBuffer over a part, or an empty value with an exception pending.
  Napi::Value NewBuffer(Napi::Env env, size_t offset, size_t length);

  // The same, but the collector is not told that it keeps memory alive, where the engine lets that be.
  Napi::Value NewReservationBuffer(Napi::Env env, size_t offset, size_t length);

  // True if some buffer's memory lives on in an ArrayBuffer we do not know.
  bool HasTransferredBuffer() const;

  // Makes every buffer empty. False if the engine refused one; those before it are empty then.
  bool DetachBuffers();

 private:
  // One buffer handed out; `finalized` is set when its backing store is gone.
  struct Loan {
    Napi::Reference<Napi::ArrayBuffer> buffer;
    // Set by whatever thread the collector works on.
    std::shared_ptr<std::atomic<bool>> finalized;
  };

  explicit RangeHandle(std::shared_ptr<Region> region) : region_(std::move(region)) {}
  void ForgetFinalized();

  std::shared_ptr<Region> region_;
  std::vector<Loan> loans_;
  EndNote end_note_;
  bool left_ = false;
};

// A byte range inside a handle's region, as page calls take it. Reads handle, offset and length from `in`;
// null, with an exception pending, when the range leaves the region.
struct PageRange {
  explicit PageRange(Arguments* in);

  RangeHandle* handle;
  void* start = nullptr;
  size_t length = 0;
};

size_t SystemPageSize();

// The outcome of a call that returns 0 or -1 and sets errno.
Napi::Value ZeroOrErrno(Napi::Env env, int result);

#endif  // NATIVE_RANGE_HANDLE_H_
