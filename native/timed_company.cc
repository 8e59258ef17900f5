// Timed cases: the same calls in other company: beside mappings that merge with the new one, beside a second
// thread that runs, among very many mappings.

#include <pthread.h>

#include <atomic>
#include <cerrno>

#include "timed_cases.h"

namespace {

// Three pages, the middle one taken out again:   | left |  hole  | right |
bool MakeHole(Scratch& scratch, int left, int right) {
  const size_t page = scratch.page;
  if (!MakeOwn(scratch, 3 * page, PROT_NONE)) return false;
  if (mprotect(scratch.own, page, left) != 0 || mprotect(scratch.own + 2 * page, page, right) != 0)
    return false;
  return munmap(scratch.own + page, page) == 0;
}

// Never the hole itself, which may hold somebody else's mapping by now.
void DropAroundHole(Scratch& scratch) {
  if (scratch.own == nullptr) return;
  munmap(scratch.own, scratch.own_length - 2 * scratch.page);
  munmap(scratch.own + scratch.own_length - scratch.page, scratch.page);
}

bool MakeFences(Scratch& scratch) {
  return MakeHole(scratch, PROT_NONE, PROT_NONE);
}

bool MakeOneNeighbour(Scratch& scratch) {
  return MakeHole(scratch, kReadWrite, PROT_NONE);
}

bool MakeTwoNeighbours(Scratch& scratch) {
  return MakeHole(scratch, kReadWrite, kReadWrite);
}

// One operation: map the page that fills the hole, and unmap it.
bool FillHole(Scratch& scratch, size_t operations) {
  char* const hole = scratch.own + scratch.own_length - 2 * scratch.page;
  return Repeat(operations, [&](size_t) {
    return MapAt(hole, scratch.page, kReadWrite) && munmap(hole, scratch.page) == 0;
  });
}

// For one call without the other: holes that no batch shares, between fences:   | none | hole | none | hole
// ... The first `turn` of them are filled.
constexpr size_t kHoles = 256;

char* HoleAt(const Scratch& scratch, size_t i) {
  return scratch.own + (2 * i + 1) * scratch.page;
}

bool MakeHoles(Scratch& scratch) {
  if (!MakeOwn(scratch, (2 * kHoles + 1) * scratch.page, PROT_NONE)) return false;
  return Repeat(kHoles, [&](size_t i) { return munmap(HoleAt(scratch, i), scratch.page) == 0; });
}

bool FillHoles(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t i) {
    if (!MapAt(HoleAt(scratch, i), scratch.page, kReadWrite)) return false;
    return scratch.turn = i + 1, true;
  });
}

bool EmptyHoles(Scratch& scratch, size_t operations) {
  return Repeat(operations,
                [&](size_t) { return munmap(HoleAt(scratch, --scratch.turn), scratch.page) == 0; });
}

bool EmptyAllHoles(Scratch& scratch, size_t) {
  return EmptyHoles(scratch, scratch.turn);
}

// Some may be left from a batch that was broken off.
bool FillAllHoles(Scratch& scratch, size_t operations) {
  return EmptyAllHoles(scratch, 0) && FillHoles(scratch, operations);
}

// Page by page: the empty holes are not ours.
void DropHoles(Scratch& scratch) {
  EmptyAllHoles(scratch, 0);
  for (size_t i = 0; i <= kHoles && scratch.own != nullptr; ++i) {
    munmap(scratch.own + 2 * i * scratch.page, scratch.page);
  }
}

// A thread of this process that only runs: changes of the map must reach its processor too.
struct Companion {
  // Null when there is none.
  std::atomic<const Scratch*> of{nullptr};
  pthread_t thread;
  std::atomic<bool> runs{false};
  std::atomic<bool> ends{false};
};

Companion companion;

void* RunAlong(void*) {
  companion.runs = true;
  while (!companion.ends.load(std::memory_order_relaxed)) {
  }
  return nullptr;
}

// False with EBUSY when another JavaScript thread times such a case right now.
bool StartCompanion(Scratch& scratch) {
  const Scratch* nobody = nullptr;
  if (!companion.of.compare_exchange_strong(nobody, &scratch)) return errno = EBUSY, false;
  companion.runs = companion.ends = false;
  const int error = pthread_create(&companion.thread, nullptr, RunAlong, nullptr);
  if (error != 0) return companion.of = nullptr, errno = error, false;
  while (!companion.runs) {
  }
  TouchPages(scratch.base, 3 * scratch.page, scratch.page);
  if (!Settle(scratch, 64 * kKiB)) return false;
  return mprotect(scratch.base, scratch.page, PROT_NONE) == 0 &&
         mprotect(scratch.base + 2 * scratch.page, scratch.page, PROT_NONE) == 0;
}

void EndCompanion(Scratch& scratch) {
  Unsettle(scratch);
  if (companion.of != &scratch) return;
  companion.ends = true;
  pthread_join(companion.thread, nullptr);
  companion.of = nullptr;
}

// One operation: one change of the fenced page, as mprotect-flip.
bool Flip(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    const int protection = ++scratch.turn % 2 == 1 ? PROT_READ : kReadWrite;
    return mprotect(scratch.base + scratch.page, scratch.page, protection) == 0;
  });
}

bool MapTouchUnmap(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    void* const base = mmap(nullptr, 64 * kKiB, kReadWrite, kAnonymous, -1, 0);
    if (base == MAP_FAILED) return false;
    TouchPages(static_cast<char*>(base), 64 * kKiB, scratch.page);
    return munmap(base, 64 * kKiB) == 0;
  });
}

// `bytes` is the number of mappings here: pages whose protections alternate, so that each is a mapping.
bool MakeCrowd(Scratch& scratch) {
  const size_t page = scratch.page;
  if (!MakeOwn(scratch, (scratch.bytes + 3) * page, PROT_NONE)) return false;
  for (size_t i = 1; i < scratch.bytes; i += 2) {
    if (mprotect(scratch.own + i * page, page, PROT_READ) != 0) return false;
  }
  // The last page but one is the hole, as above.
  return munmap(scratch.own + (scratch.bytes + 1) * page, page) == 0;
}

}  // namespace

const TimedCase kCompanyCases[] = {
    {"mmap-munmap-4k-fenced", FillHole, 0, nullptr, MakeFences, DropAroundHole},
    {"mmap-munmap-4k-one-neighbour", FillHole, 0, nullptr, MakeOneNeighbour, DropAroundHole},
    {"mmap-munmap-4k-two-neighbours", FillHole, 0, nullptr, MakeTwoNeighbours, DropAroundHole},
    {"mmap-only-4k-fenced", FillHoles, 0, EmptyAllHoles, MakeHoles, DropHoles, kHoles},
    {"munmap-only-4k-fenced", EmptyHoles, 0, FillAllHoles, MakeHoles, DropHoles, kHoles},
    {"mprotect-flip-second-thread", Flip, 0, nullptr, StartCompanion, EndCompanion},
    {"mmap-touch-munmap-64k-second-thread", MapTouchUnmap, 0, nullptr, StartCompanion, EndCompanion},
    {"mmap-munmap-4k-among-1000", FillHole, 1000, nullptr, MakeCrowd, DropAroundHole},
    {"mmap-munmap-4k-among-10000", FillHole, 10000, nullptr, MakeCrowd, DropAroundHole},
    {"mmap-munmap-4k-among-50000", FillHole, 50000, nullptr, MakeCrowd, DropAroundHole},
    {nullptr, nullptr},
};
