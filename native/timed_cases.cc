// What one operation of each timed case is. Allocations by malloc's mmap path are not here: whether malloc(1
// MiB) maps depends on a threshold that moves with the first free, so that case needs a process of its own.

#include "timed_cases.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "range_handle.h"

namespace {

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kAnonymous = MAP_PRIVATE | MAP_ANON;
constexpr size_t kKiB = 1024;

// Tells the compiler that the value is used, so that it may not drop the work.
template <typename T>
inline void Keep(T value) {
  asm volatile("" : : "g"(value) : "memory");
}

template <typename Operation>
inline bool Repeat(size_t operations, Operation operation) {
  for (size_t i = 0; i < operations; ++i) {
    if (!operation(i)) return false;
  }
  return true;
}

bool NullCall(const Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return Keep(getppid()), true; });
}

// One operation: map, touch one byte per page if told, unmap.
template <size_t kBytes, bool kTouch>
bool MapUnmap(const Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    void* const base = mmap(nullptr, kBytes, kReadWrite, kAnonymous, -1, 0);
    if (base == MAP_FAILED) return false;
    for (size_t at = 0; kTouch && at < kBytes; at += scratch.page) static_cast<volatile char*>(base)[at] = 1;
    return munmap(base, kBytes) == 0;
  });
}

// One operation: one change of one touched page, read-only and back. It stands between two pages without any
// access, so no neighbour can merge with it: merging would triple the cost.
bool FenceMiddlePage(const Scratch& scratch, size_t) {
  char* const page = scratch.base + scratch.page;
  if (mprotect(scratch.base, 3 * scratch.page, PROT_NONE) != 0) return false;
  if (mprotect(page, scratch.page, kReadWrite) != 0) return false;
  *static_cast<volatile char*>(page) = 1;
  return true;
}

bool MprotectFlip(const Scratch& scratch, size_t operations) {
  char* const page = scratch.base + scratch.page;
  return Repeat(operations, [&](size_t i) {
    return mprotect(page, scratch.page, i % 2 == 0 ? PROT_READ : kReadWrite) == 0;
  });
}

// Makes the pages of a batch untouched again. Only Linux promises that MADV_DONTNEED empties them.
bool EmptyPages(const Scratch& scratch, size_t operations) {
#ifdef __linux__
  return madvise(scratch.base, operations * scratch.page, MADV_DONTNEED) == 0;
#else
  const size_t bytes = operations * scratch.page;
  return mmap(scratch.base, bytes, kReadWrite, kAnonymous | MAP_FIXED, -1, 0) != MAP_FAILED;
#endif
}

// One operation: the first store into, or load from, one page.
bool TouchWrite(const Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base;
  return Repeat(operations, [&](size_t i) { return base[i * scratch.page] = 1, true; });
}

bool TouchRead(const Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base;
  return Repeat(operations, [&](size_t i) { return Keep(base[i * scratch.page]), true; });
}

// One operation: malloc(32) and free of the same block, so always malloc's fastest path.
bool MallocFree32(const Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) {
    void* const block = malloc(32);
    Keep(block);
    free(block);
    return block != nullptr;
  });
}

#ifdef __linux__
// One operation: take the memory of one touched page away and store into it again.
bool DontneedTouch(const Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base;
  return Repeat(operations, [&](size_t) {
    if (madvise(scratch.base, scratch.page, MADV_DONTNEED) != 0) return false;
    return base[0] = 1, true;
  });
}

// One operation: one sbrk of plus or minus one page. Shrinks only what it grew and only while nobody else has
// moved the break, and keeps to the thread that malloc's main arena belongs to.
bool BrkPage(const Scratch& scratch, size_t operations) {
  const intptr_t page = static_cast<intptr_t>(scratch.page);
  if (gettid() != getpid()) return errno = EPERM, false;
  for (size_t i = 0; i < operations; i += 2) {
    char* const before = static_cast<char*>(sbrk(0));
    void* const grown = sbrk(page);
    if (grown == reinterpret_cast<void*>(-1)) return false;
    if (grown != before || sbrk(0) != before + page) return errno = EBUSY, false;
    if (sbrk(-page) == reinterpret_cast<void*>(-1)) return false;
  }
  return true;
}
#endif

}  // namespace

const TimedCase kTimedCases[] = {
    {"null-call", nullptr, NullCall},
    {"mmap-munmap-4k", nullptr, MapUnmap<4 * kKiB, false>},
    {"mmap-munmap-64k", nullptr, MapUnmap<64 * kKiB, false>},
    {"mmap-touch-munmap-64k", nullptr, MapUnmap<64 * kKiB, true>},
    {"mprotect-flip", FenceMiddlePage, MprotectFlip},
#ifdef __linux__
    {"brk-page", nullptr, BrkPage},
    {"madvise-dontneed-touch", nullptr, DontneedTouch},
#endif
    {"touch-write-page", EmptyPages, TouchWrite},
    {"touch-read-page", EmptyPages, TouchRead},
    {"malloc-free-32", nullptr, MallocFree32},
    {nullptr, nullptr, nullptr},
};

bool RunNothing(const Scratch&, size_t operations) {
  return Repeat(operations, [](size_t i) { return Keep(i), true; });
}

bool MakeScratch(Scratch* scratch) {
  scratch->page = SystemPageSize();
  void* const base = mmap(nullptr, kScratchPages * scratch->page, kReadWrite, kAnonymous, -1, 0);
  if (base == MAP_FAILED) return false;
  scratch->base = static_cast<char*>(base);
#ifdef MADV_NOHUGEPAGE
  // One huge page would answer 512 first touches at once. A kernel without huge pages refuses, which is as
  // good.
  madvise(base, kScratchPages * scratch->page, MADV_NOHUGEPAGE);
#endif
  return true;
}

void DropScratch(const Scratch& scratch) {
  munmap(scratch.base, kScratchPages * scratch.page);
}
