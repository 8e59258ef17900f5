// Who is attached to a range: see region.h.

#include "region.h"

#include <map>
#include <mutex>

namespace {

// Neither is ever destroyed: a thread may outlive the statics of this file.
std::mutex& Lock() {
  static std::mutex* const lock = new std::mutex;
  return *lock;
}

std::map<uint64_t, std::weak_ptr<Region>>& Shared() {
  static auto* const shared = new std::map<uint64_t, std::weak_ptr<Region>>;
  return *shared;
}

uint64_t last_number = 0;

// With the lock held.
void Forget(Region* region) {
  if (region->number != 0) Shared().erase(region->number);
}

}  // namespace

uint64_t ShareRegion(const std::shared_ptr<Region>& region) {
  const std::lock_guard<std::mutex> hold(Lock());
  if (region->attached == 0) return 0;
  if (region->number == 0) {
    region->number = ++last_number;
    Shared()[region->number] = region;
  }
  return region->number;
}

std::shared_ptr<Region> AttachRegion(uint64_t number) {
  const std::lock_guard<std::mutex> hold(Lock());
  const auto found = Shared().find(number);
  if (found == Shared().end()) return nullptr;
  std::shared_ptr<Region> region = found->second.lock();
  if (region) region->attached++;
  return region;
}

int LeaveRegion(Region* region) {
  const std::lock_guard<std::mutex> hold(Lock());
  const int left = --region->attached;
  if (left == 0) Forget(region);
  return left;
}

bool LeaveRegionLast(Region* region) {
  const std::lock_guard<std::mutex> hold(Lock());
  if (region->attached > 1) return false;
  region->attached = 0;
  Forget(region);
  return true;
}

void EndNote::Write() const {
  if (!state) return;
  int32_t expected = alive;
  if (state->compare_exchange_strong(expected, -1)) count->fetch_add(1);
}
