// Timed cases: what else may be done to pages: advice, moving, writing back, locking, asking.

#include <cerrno>

#include "timed_cases.h"

namespace {

bool TouchAll(Scratch& scratch) {
  TouchPages(scratch.base, scratch.bytes, scratch.page);
  return true;
}

// One operation: lock the pages into memory and unlock them.
bool LockUnlock(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    return mlock(scratch.base, scratch.bytes) == 0 && munlock(scratch.base, scratch.bytes) == 0;
  });
}

#ifdef __linux__
using ResidencyByte = unsigned char;
#else
using ResidencyByte = char;
#endif

// One operation: ask for each page whether it is in memory.
bool Residency(Scratch& scratch, size_t operations) {
  ResidencyByte resident[kScratchPages];
  if (scratch.bytes / scratch.page > kScratchPages) return errno = EINVAL, false;
  return Repeat(operations, [&](size_t) {
    const bool told = mincore(scratch.base, scratch.bytes, resident) == 0;
    return Keep(resident[0]), told;
  });
}

bool MapFile(Scratch& scratch) {
  if (!MakeFile(scratch)) return false;
  scratch.own_length = kScratchPages * scratch.page;
  void* const base = mmap(nullptr, scratch.own_length, kReadWrite, MAP_SHARED, scratch.fd, 0);
  if (base == MAP_FAILED) return false;
  scratch.own = static_cast<char*>(base);
  return msync(scratch.own, scratch.own_length, MS_SYNC) == 0;
}

void UnmapFile(Scratch& scratch) {
  DropOwn(scratch);
  DropFile(scratch);
}

// Shared memory is a file too, one that no disk is behind. On a disk MS_SYNC takes 70 to 130 us here, and 16
// to 50 us of processor time: by the state of the journal, by what else is written, and by the processor that
// the disk interrupts.
bool MapSharedMemory(Scratch& scratch) {
  scratch.own_length = kScratchPages * scratch.page;
  void* const base = mmap(nullptr, scratch.own_length, kReadWrite, MAP_SHARED | MAP_ANON, -1, 0);
  if (base == MAP_FAILED) return false;
  scratch.own = static_cast<char*>(base);
  return true;
}

// One operation: store into a page of the file and ask for it to be written, sometime or now.
template <int kFlags>
bool Sync(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    *static_cast<volatile char*>(scratch.own) = 1;
    return msync(scratch.own, scratch.page, kFlags) == 0;
  });
}

#ifdef __linux__
// One operation: take the memory of touched pages away and store into each again.
template <int kAdvice>
bool AdviseTouch(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    if (madvise(scratch.base, scratch.bytes, kAdvice) != 0) return false;
    return TouchPages(scratch.base, scratch.bytes, scratch.page), true;
  });
}

// One operation: advice about a page that has nothing in it.
bool DontneedEmpty(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) { return madvise(scratch.base, scratch.bytes, MADV_DONTNEED) == 0; });
}

#ifdef MADV_POPULATE_WRITE
// One operation: fill empty pages with one call.
bool Populate(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t i) {
    return madvise(scratch.base + i * scratch.bytes, scratch.bytes, MADV_POPULATE_WRITE) == 0;
  });
}
#endif

// Older headers do not have them; an older kernel answers EINVAL.
constexpr int kMove = MREMAP_MAYMOVE | MREMAP_FIXED | 4 /* MREMAP_DONTUNMAP */;
constexpr int kGuardInstall = 102;
constexpr int kGuardRemove = 103;

template <int kAdvice>
bool AdvisePages(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t i) {
    return madvise(scratch.base + i * scratch.page, scratch.page, kAdvice) == 0;
  });
}

template <int kAdvice>
bool AdviseBefore(Scratch& scratch, size_t operations) {
  return madvise(scratch.base, operations * scratch.page, kAdvice) == 0;
}

// The page tables stand before the first batch: making them is not the cost of a marker.
bool InstallAll(Scratch& scratch) {
  TouchPages(scratch.base, kScratchPages * scratch.page, scratch.page);
  return madvise(scratch.base, kScratchPages * scratch.page, kGuardInstall) == 0;
}

// A mapping with room behind it for its double, between neighbours that are always the same.
bool MakeRoom(Scratch& scratch) {
  if (!MakeHole(scratch, 2 * scratch.bytes, PROT_NONE, PROT_NONE)) return false;
  if (!MapAt(scratch.middle, scratch.bytes, kReadWrite)) return false;
  scratch.fillers.push_back({scratch.middle, scratch.bytes});
  return true;
}

// One operation: one change of the size, to the double or back. It may move, if somebody takes the room.
bool Resize(Scratch& scratch, size_t operations) {
  Filler& resized = scratch.fillers.front();
  return Repeat(operations, [&](size_t) {
    const size_t length = resized.length == scratch.bytes ? 2 * scratch.bytes : scratch.bytes;
    void* const base = mremap(resized.base, resized.length, length, MREMAP_MAYMOVE);
    if (base == MAP_FAILED) return false;
    resized = {static_cast<char*>(base), length};
    return true;
  });
}

// One operation: touched pages to another address, without copying them. The old range stays mapped, and
// empty: a hole there could be filled by another thread, and the way back would replace what it put there.
bool Move(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    char* const target = scratch.own + (++scratch.turn % 2 == 1 ? scratch.bytes : 0);
    char* const source = scratch.own + (scratch.turn % 2 == 1 ? 0 : scratch.bytes);
    return mremap(source, scratch.bytes, scratch.bytes, kMove, target) == target;
  });
}

bool MakeMoveRoom(Scratch& scratch) {
  if (!MakeOwn(scratch, 2 * scratch.bytes, kReadWrite)) return false;
  return TouchPages(scratch.own, scratch.bytes, scratch.page), true;
}
#endif

}  // namespace

const TimedCase kAdviceCases[] = {
#ifdef __linux__
    {"madvise-dontneed-empty", DontneedEmpty, 4 * kKiB},
    {"madvise-dontneed-touch", AdviseTouch<MADV_DONTNEED>, 4 * kKiB},
    {"madvise-dontneed-touch-1m", AdviseTouch<MADV_DONTNEED>, kMiB},
#ifdef MADV_FREE
    {"madvise-free-touch", AdviseTouch<MADV_FREE>, 4 * kKiB},
#endif
#ifdef MADV_POPULATE_WRITE
    {"madvise-populate-4k", Populate, 4 * kKiB, EmptyPages},
#endif
    {"madvise-guard-install", AdvisePages<kGuardInstall>, 0, AdviseBefore<kGuardRemove>, InstallAll},
    {"madvise-guard-remove", AdvisePages<kGuardRemove>, 0, AdviseBefore<kGuardInstall>, InstallAll},
    {"mremap-resize-64k", Resize, 64 * kKiB, nullptr, MakeRoom, DropPlace},
    {"mremap-move-64k", Move, 64 * kKiB, nullptr, MakeMoveRoom, DropOwn},
    {"mremap-move-1m", Move, kMiB, nullptr, MakeMoveRoom, DropOwn},
#endif
    {"msync-async-page", Sync<MS_ASYNC>, 0, nullptr, MapFile, UnmapFile},
    {"msync-sync-page", Sync<MS_SYNC>, 0, nullptr, MapSharedMemory, DropOwn},
    {"mlock-munlock-4k", LockUnlock, 4 * kKiB, nullptr, TouchAll},
    {"mincore-4k", Residency, 4 * kKiB, nullptr, TouchAll},
    {"mincore-1m", Residency, kMiB, nullptr, TouchAll},
    {nullptr, nullptr},
};
