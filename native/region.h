// One range of addresses that this process holds, and who is attached to it.
//
// A range belongs to the thread that made it. Once shared it has a number, by which other threads of this
// process attach; it is unmapped when the last one has left. Free of Node-API, so that a sanitizer can watch
// it alone.

#ifndef NATIVE_REGION_H_
#define NATIVE_REGION_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

// Unmaps itself if it is a mapping and nobody released it before.
struct Region {
  enum class Kind { kMapping, kBreak };

  Region(Kind kind, uintptr_t base, size_t length) : kind(kind), base(base), length(length) {}
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  ~Region();

  const Kind kind;
  uintptr_t base;
  size_t length;
  std::atomic<bool> released{false};

  // Handles that have not left, and the number of a shared range (0: none); behind the lock of region.cc.
  int attached = 1;
  uint64_t number = 0;
};

// The number of a range, the same at each call; 0 for one that everybody has left.
uint64_t ShareRegion(const std::shared_ptr<Region>& region);

// One more is attached. Null where no range of that number has anybody left.
std::shared_ptr<Region> AttachRegion(uint64_t number);

// One fewer. The number left; at 0 nobody can attach any more.
int LeaveRegion(Region* region);

// As LeaveRegion, but only for the last one; false, and nothing done, while others are attached.
bool LeaveRegionLast(Region* region);

// What a handle writes into its range when it ends without having left: `state` turns from `alive` to -1, and
// `count` goes up by one. So others learn that a thread is gone.
struct EndNote {
  std::atomic<int32_t>* state = nullptr;
  std::atomic<int32_t>* count = nullptr;
  int32_t alive = 0;

  void Write() const;
};

#endif  // NATIVE_REGION_H_
