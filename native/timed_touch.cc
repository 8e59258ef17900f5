// Timed cases: the first access to a page. One operation of each is one access to one page that this process
// has not got yet, whatever the reason.

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "timed_cases.h"

namespace {

bool StoreScratch(Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base;
  return Repeat(operations, [&](size_t i) { return base[i * scratch.page] = 1, true; });
}

bool LoadScratch(Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base;
  return Repeat(operations, [&](size_t i) { return Keep(base[i * scratch.page]), true; });
}

// A file's pages come some at a time: with the one that was asked for, Linux maps those in the page cache
// around it. So one access in each such window.
constexpr size_t kWindowPages = 16;

bool StoreOwn(Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.own;
  return Repeat(operations, [&](size_t i) { return base[i * scratch.page] = 1, true; });
}

bool LoadWindows(Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.own;
  return Repeat(operations, [&](size_t i) { return Keep(base[i * kWindowPages * scratch.page]), true; });
}

bool MapOwn(Scratch& scratch, int flags, int fd) {
  DropOwn(scratch);
  scratch.own_length = kScratchPages * scratch.page;
  void* const base = mmap(nullptr, scratch.own_length, kReadWrite, flags, fd, 0);
  scratch.own = base == MAP_FAILED ? nullptr : static_cast<char*>(base);
  return base != MAP_FAILED;
}

bool MakeFileShared(Scratch& scratch) {
  return MakeFile(scratch) && MapOwn(scratch, MAP_SHARED, scratch.fd);
}

bool MakeFilePrivate(Scratch& scratch) {
  return MakeFile(scratch) && MapOwn(scratch, MAP_PRIVATE, scratch.fd);
}

// The pages stay in the page cache, or in the shared memory; this process has to fetch them again. Linux
// keeps the tables that point to them; elsewhere the mapping is made anew.
bool ForgetPages(Scratch& scratch, int flags) {
#ifdef __linux__
  static_cast<void>(flags);
  return madvise(scratch.own, scratch.own_length, MADV_DONTNEED) == 0;
#else
  return MapOwn(scratch, flags, scratch.fd);
#endif
}

bool ForgetShared(Scratch& scratch, size_t) {
  return ForgetPages(scratch, MAP_SHARED);
}

bool ForgetPrivate(Scratch& scratch, size_t) {
  return ForgetPages(scratch, MAP_PRIVATE);
}

// Fresh shared memory: nothing stays.
bool MapShared(Scratch& scratch, size_t) {
#ifdef __linux__
  if (scratch.own != nullptr) return madvise(scratch.own, scratch.own_length, MADV_REMOVE) == 0;
#endif
  return MapOwn(scratch, MAP_SHARED | MAP_ANON, -1);
}

void DropFileAndOwn(Scratch& scratch) {
  DropFile(scratch);
  DropOwn(scratch);
}

// Written before, so shared with the copy of this process that Fork makes; that copy only waits to be killed.
bool Fork(Scratch& scratch) {
  TouchPages(scratch.base, kScratchPages * scratch.page, scratch.page);
  const pid_t child = fork();
  if (child < 0) return false;
  if (child > 0) return scratch.child = child, true;
#ifdef __linux__
  prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
  // Only what is safe in the only thread of a copied process.
  for (unsigned seconds = 60; seconds > 0;) seconds = sleep(seconds);
  _exit(0);
}

void EndChild(Scratch& scratch) {
  if (scratch.child == 0) return;
  kill(scratch.child, SIGKILL);
  while (waitpid(scratch.child, nullptr, 0) < 0 && errno == EINTR) {
  }
  scratch.child = 0;
}

// Goes through the pages once for each fork: after a page is copied it is no longer shared.
bool ForkAgain(Scratch& scratch, size_t operations) {
  if (scratch.child != 0 && scratch.turn + operations <= kScratchPages) return true;
  EndChild(scratch);
  scratch.turn = 0;
  return Fork(scratch);
}

bool StoreForked(Scratch& scratch, size_t operations) {
  volatile char* const base = scratch.base + scratch.turn * scratch.page;
  scratch.turn += operations;
  return Repeat(operations, [&](size_t i) { return base[i * scratch.page] = 1, true; });
}

#ifdef MADV_HUGEPAGE
// What a batch needs at most: zeroing one takes longer than half a batch.
constexpr size_t kHugePages = 4;
constexpr size_t kLargestHuge = 32 * kMiB;

size_t HugeBytes() {
  FILE* const file = fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re");
  if (file == nullptr) return 0;
  size_t bytes = 0;
  if (fscanf(file, "%zu", &bytes) != 1) bytes = 0;
  fclose(file);
  return bytes;
}

char* FirstHuge(const Scratch& scratch) {
  const uintptr_t at = reinterpret_cast<uintptr_t>(scratch.own) + scratch.bytes - 1;
  return reinterpret_cast<char*>(at / scratch.bytes * scratch.bytes);
}

bool EmptyHuge(Scratch& scratch, size_t) {
  return madvise(FirstHuge(scratch), kHugePages * scratch.bytes, MADV_DONTNEED) == 0;
}

// Lets huge pages in again, as the timer has shut them out. ENOTSUP unless one store brings a whole huge
// page: the kernel may be short of them, or have none.
bool MakeHuge(Scratch& scratch) {
#ifdef PR_SET_THP_DISABLE
  prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
#endif
  scratch.bytes = HugeBytes();
  if (scratch.bytes == 0 || scratch.bytes > kLargestHuge) return errno = ENOTSUP, false;
  if (!MakeOwn(scratch, (kHugePages + 1) * scratch.bytes, kReadWrite)) return false;
  if (madvise(scratch.own, scratch.own_length, MADV_HUGEPAGE) != 0) return false;
  char* const huge = FirstHuge(scratch);
  *static_cast<volatile char*>(huge) = 1;
  unsigned char resident = 0;
  if (mincore(huge + scratch.bytes - scratch.page, scratch.page, &resident) != 0) return false;
  return (resident & 1) != 0 || (errno = ENOTSUP, false);
}

bool StoreHuge(Scratch& scratch, size_t operations) {
  volatile char* const base = FirstHuge(scratch);
  return Repeat(operations, [&](size_t i) { return base[i * scratch.bytes] = 1, true; });
}
#endif

}  // namespace

const TimedCase kTouchCases[] = {
    {"touch-write-page", StoreScratch, 0, EmptyPages},
    {"touch-read-page", LoadScratch, 0, EmptyPages},
    {"touch-shared-page", StoreOwn, 0, MapShared, nullptr, DropOwn},
    {"touch-file-read-window", LoadWindows, 0, ForgetShared, MakeFileShared, DropFileAndOwn,
     kScratchPages / kWindowPages},
    {"touch-file-write-page", StoreOwn, 0, ForgetShared, MakeFileShared, DropFileAndOwn},
    {"touch-file-copy-page", StoreOwn, 0, ForgetPrivate, MakeFilePrivate, DropFileAndOwn},
    {"touch-fork-page", StoreForked, 0, ForkAgain, nullptr, EndChild},
#ifdef MADV_HUGEPAGE
    {"touch-huge-page", StoreHuge, 0, EmptyHuge, MakeHuge, DropOwn, kHugePages},
#endif
    {nullptr, nullptr},
};
