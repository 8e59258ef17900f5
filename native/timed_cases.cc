// The list of all timed cases, and what they share: scratch memory, a file, memory of their own.

#include "timed_cases.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string>

#include "range_handle.h"

const TimedCase* const kTimedFamilies[] = {kBasicCases, kMapCases,    kTouchCases,   kProtectCases,
                                           kBreakCases, kAdviceCases, kCompanyCases, kSecondCases,
                                           kGuardCases, kMallocCases, nullptr};

bool RunNothing(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t i) { return Keep(i), true; });
}

bool MakeScratch(Scratch* scratch) {
  scratch->page = SystemPageSize();
  scratch->length = std::max(kScratchPages, scratch->bytes / scratch->page + 2) * scratch->page;
#ifdef MAP_NORESERVE
  const int flags = kAnonymous | MAP_NORESERVE;
#else
  const int flags = kAnonymous;
#endif
  void* const base = mmap(nullptr, scratch->length, kReadWrite, flags, -1, 0);
  if (base == MAP_FAILED) return false;
  scratch->base = static_cast<char*>(base);
#ifdef MADV_NOHUGEPAGE
  // One huge page would answer 512 first touches at once. A kernel without huge pages refuses, which is as
  // good.
  madvise(base, scratch->length, MADV_NOHUGEPAGE);
#endif
  return true;
}

void DropScratch(const Scratch& scratch) {
  munmap(scratch.base, scratch.length);
}

bool EmptyPages(Scratch& scratch, size_t operations) {
  const size_t bytes = operations * scratch.page;
#ifdef __linux__
  return madvise(scratch.base, bytes, MADV_DONTNEED) == 0;
#else
  // Only Linux promises that MADV_DONTNEED empties pages.
  return mmap(scratch.base, bytes, kReadWrite, kAnonymous | MAP_FIXED, -1, 0) != MAP_FAILED;
#endif
}

bool MakeFile(Scratch& scratch) {
  const char* const folder = getenv("TMPDIR");
  std::string path =
      std::string(folder != nullptr && *folder != '\0' ? folder : "/tmp") + "/chunkyard-XXXXXX";
  scratch.fd = mkstemp(&path[0]);
  if (scratch.fd < 0) return false;
  fcntl(scratch.fd, F_SETFD, FD_CLOEXEC);
  unlink(path.c_str());
  // Written, not truncated to its length: pages of a hole are not in the page cache. One by one: Linux may
  // keep a longer write in the cache as one large folio, which a single fault then maps whole.
  const std::string zeros(scratch.page, '\0');
  return Repeat(kScratchPages, [&](size_t) {
    return write(scratch.fd, zeros.data(), zeros.size()) == static_cast<ssize_t>(zeros.size());
  });
}

void DropFile(Scratch& scratch) {
  if (scratch.fd >= 0) close(scratch.fd);
}

bool MakeOwn(Scratch& scratch, size_t length, int protection) {
  void* const base = mmap(nullptr, length, protection, kAnonymous, -1, 0);
  if (base == MAP_FAILED) return false;
  scratch.own = static_cast<char*>(base);
  scratch.own_length = length;
  return true;
}

void DropOwn(Scratch& scratch) {
  if (scratch.own != nullptr) munmap(scratch.own, scratch.own_length);
}
