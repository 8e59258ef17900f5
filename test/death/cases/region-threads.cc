// Many threads that share, attach to, note the end of and leave ranges, for ThreadSanitizer: native/region.cc
// alone, without Node. Prints how often a range was found and how often it was gone.
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

#include "../../../native/region.h"

Region::~Region() = default;

namespace {

constexpr int kThreads = 8;
constexpr int kRounds = 5000;

struct Slot {
  std::atomic<uint64_t> number{0};
};

Slot slots[4];
std::atomic<int32_t> state[kThreads];
std::atomic<int32_t> deaths{0};
std::atomic<int> found{0}, gone{0}, last{0};

// As RangeHandle: the note before leaving; the last one releases.
void Leave(const std::shared_ptr<Region>& region, int me, int32_t alive, bool in_order) {
  if (in_order) {
    state[me].store(0);
  } else if (!region->released) {
    EndNote{&state[me], &deaths, alive}.Write();
  }
  if (LeaveRegion(region.get()) > 0) return;
  region->released = true;
  last++;
}

void Run(int me) {
  uint32_t draw = 12345 + me;
  for (int round = 1; round <= kRounds; ++round) {
    draw = draw * 1664525 + 1013904223;
    Slot& slot = slots[(draw >> 16) % 4];
    state[me].store(round);
    if (((draw >> 20) & 3) == 0) {
      auto region = std::make_shared<Region>(Region::Kind::kMapping, 4096, 4096);
      slot.number.store(ShareRegion(region));
      for (int k = 0; k < 20; ++k) std::this_thread::yield();
      Leave(region, me, round, (draw >> 24) & 1);
    } else if (std::shared_ptr<Region> region = AttachRegion(slot.number.load())) {
      found++;
      if (ShareRegion(region) == 0) std::puts("attached, yet nobody is");
      Leave(region, me, round, (draw >> 24) & 1);
    } else {
      gone++;
    }
  }
}

}  // namespace

int main() {
  std::vector<std::thread> threads;
  for (int k = 0; k < kThreads; ++k) threads.emplace_back(Run, k);
  for (std::thread& thread : threads) thread.join();
  std::printf("found %d gone %d released %d deaths %d\n", found.load(), gone.load(), last.load(),
              deaths.load());
  return found + gone + last > 0 ? 0 : 1;
}
