// Timed cases: malloc and free of this process. Whether a large block is a mapping of its own hangs on a
// threshold that moves with the first free of such a block, so those cases fix it; what moved it once stays
// fixed for the rest of the process, at the value glibc begins with. Best timed in a process that ends then.

#include <cerrno>
#include <cstdlib>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "timed_cases.h"

namespace {

// One operation: malloc and free of the same block, so always the shortest path there is for the size.
bool MallocFree(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    void* const block = malloc(scratch.bytes);
    Keep(block);
    free(block);
    return block != nullptr;
  });
}

// One operation: the same with a store into each page.
bool MallocTouchFree(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    char* const block = static_cast<char*>(malloc(scratch.bytes));
    if (block == nullptr) return false;
    TouchPages(block, scratch.bytes, scratch.page);
    free(block);
    return true;
  });
}

#ifdef __GLIBC__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
// What the main arena could give next, if no freed block fits; and blocks that are mappings. The successor of
// mallinfo is not in the oldest glibc that Node runs with.
size_t TopBytes() {
  return static_cast<unsigned>(mallinfo().keepcost);
}

size_t MappedBlocks() {
  return static_cast<unsigned>(mallinfo().hblks);
}
#pragma GCC diagnostic pop

constexpr size_t kMostHeld = 4096;

// Allocates, and keeps, until `came` says that a block came from where it should.
template <typename Came>
bool HoldUntil(Scratch& scratch, Came came) {
  while (scratch.held.size() < kMostHeld) {
    void* const block = malloc(scratch.bytes);
    if (block == nullptr) return false;
    scratch.held.push_back(block);
    if (came()) break;
  }
  return true;
}

// A block that the thread's cache is too small for is cut from the top of the heap, or, when another of the
// process's blocks was freed that it fits in, from that one: longer by half. So those are taken first.
bool TakeFreeBlocks(Scratch& scratch) {
  size_t before = TopBytes();
  return HoldUntil(scratch, [&] {
    const size_t top = TopBytes();
    const bool shrank = top + scratch.bytes <= before;
    return before = top, shrank;
  });
}
#else
bool TakeFreeBlocks(Scratch&) {
  return true;
}
#endif

void FreeHeld(Scratch& scratch) {
  for (void* const block : scratch.held) free(block);
}

// Blocks that are live at the same time: more than the per-thread cache holds.
constexpr size_t kManyBlocks = 1000;

// kManyBlocks operations, or as many as are asked for: allocate all, then free all.
bool MallocManyFreeMany(Scratch& scratch, size_t operations) {
  void* blocks[kManyBlocks];
  for (size_t done = 0; done < operations; done += kManyBlocks) {
    const size_t count = operations - done < kManyBlocks ? operations - done : kManyBlocks;
    for (size_t i = 0; i < count; ++i) blocks[i] = malloc(scratch.bytes);
    Keep(blocks);
    for (size_t i = 0; i < count; ++i) free(blocks[i]);
  }
  return true;
}

#ifdef __GLIBC__
constexpr int kFirstThreshold = 128 * 1024;
constexpr int kLargestThreshold = 32 * 1024 * 1024;

// ENOTSUP where another malloc stands in for glibc's.
bool SetThresholds(int map, int trim) {
  if (mallopt(M_MMAP_THRESHOLD, map) == 1 && mallopt(M_TRIM_THRESHOLD, trim) == 1) return true;
  return errno = ENOTSUP, false;
}

// Freed blocks that are large enough are used before a mapping is made. A block's mapping has a page more,
// for the header.
bool ByMapping(Scratch& scratch) {
  if (!SetThresholds(kFirstThreshold, kFirstThreshold)) return false;
  malloc_trim(0);
  const size_t before = MappedBlocks();
  return HoldUntil(scratch, [&] { return MappedBlocks() > before; }) &&
         Settle(scratch, scratch.bytes + scratch.page);
}

// Nothing is given back meanwhile.
bool FromHeap(Scratch&) {
  return SetThresholds(kLargestThreshold, 2 * kLargestThreshold);
}

void AsAtFirst(Scratch& scratch) {
  DropPlace(scratch);
  FreeHeld(scratch);
  SetThresholds(kFirstThreshold, kFirstThreshold);
  malloc_trim(0);
}
#endif

}  // namespace

const TimedCase kMallocCases[] = {
    {"malloc-free-32", MallocFree, 32},
    {"malloc-free-256", MallocFree, 256},
    {"malloc-free-1k", MallocFree, kKiB},
    {"malloc-free-4k", MallocFree, 4 * kKiB, nullptr, TakeFreeBlocks, FreeHeld},
    {"malloc-free-64k", MallocFree, 64 * kKiB, nullptr, TakeFreeBlocks, FreeHeld},
    {"malloc-many-free-many-32", MallocManyFreeMany, 32},
    {"malloc-touch-free-64k", MallocTouchFree, 64 * kKiB, nullptr, TakeFreeBlocks, FreeHeld},
#ifdef __GLIBC__
    {"malloc-free-256k-mmap", MallocFree, 256 * kKiB, nullptr, ByMapping, AsAtFirst},
    {"malloc-free-1m-mmap", MallocFree, kMiB, nullptr, ByMapping, AsAtFirst},
    {"malloc-touch-free-256k-mmap", MallocTouchFree, 256 * kKiB, nullptr, ByMapping, AsAtFirst},
    {"malloc-touch-free-1m-mmap", MallocTouchFree, kMiB, nullptr, ByMapping, AsAtFirst},
    {"malloc-free-1m-heap", MallocFree, kMiB, nullptr, FromHeap, AsAtFirst},
    {"malloc-touch-free-1m-heap", MallocTouchFree, kMiB, nullptr, FromHeap, AsAtFirst},
#endif
    {nullptr, nullptr},
};
