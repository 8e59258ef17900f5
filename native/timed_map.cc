// Timed cases: mmap and munmap, by size and by what is mapped. One operation of each: map where the kernel
// chooses, touch one byte per page where the name says so, unmap.

#include <cerrno>

#include "timed_cases.h"

namespace {

enum class Touch { kNone, kRead, kWrite };

template <Touch kTouch>
bool MapUnmapAs(const Scratch& scratch, size_t operations, int flags, int fd) {
  return Repeat(operations, [&](size_t) {
    void* const base = mmap(nullptr, scratch.bytes, kReadWrite, flags, fd, 0);
    if (base == MAP_FAILED) return false;
    if (kTouch == Touch::kWrite) TouchPages(static_cast<char*>(base), scratch.bytes, scratch.page);
    for (size_t at = 0; kTouch == Touch::kRead && at < scratch.bytes; at += scratch.page) {
      Keep(static_cast<volatile char*>(base)[at]);
    }
    return munmap(base, scratch.bytes) == 0;
  });
}

bool MapUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kNone>(scratch, operations, kAnonymous, -1);
}

bool MapTouchUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kWrite>(scratch, operations, kAnonymous, -1);
}

bool SharedUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kNone>(scratch, operations, MAP_SHARED | MAP_ANON, -1);
}

bool SharedTouchUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kWrite>(scratch, operations, MAP_SHARED | MAP_ANON, -1);
}

bool FileUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kNone>(scratch, operations, MAP_SHARED, scratch.fd);
}

// Only reads: the pages are in the page cache already.
bool FileReadUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kRead>(scratch, operations, MAP_SHARED, scratch.fd);
}

#ifdef MAP_POPULATE
bool PopulateUnmap(Scratch& scratch, size_t operations) {
  return MapUnmapAs<Touch::kNone>(scratch, operations, kAnonymous | MAP_POPULATE, -1);
}
#endif

#ifdef MAP_HUGETLB
// From the pool of huge pages the administrator set aside; a pool without any refuses with ENOMEM.
bool HugetlbTouchUnmap(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    void* const base = mmap(nullptr, scratch.bytes, kReadWrite, kAnonymous | MAP_HUGETLB, -1, 0);
    if (base == MAP_FAILED) return false;
    *static_cast<volatile char*>(base) = 1;
    return munmap(base, scratch.bytes) == 0;
  });
}
#endif

bool SettleBytes(Scratch& scratch) {
  return Settle(scratch, scratch.bytes);
}

bool SettleFile(Scratch& scratch) {
  return MakeFile(scratch) && SettleBytes(scratch);
}

void DropFileAndPlace(Scratch& scratch) {
  DropFile(scratch);
  DropPlace(scratch);
}

}  // namespace

const TimedCase kMapCases[] = {
    {"mmap-munmap-4k", MapUnmap, 4 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-munmap-64k", MapUnmap, 64 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-munmap-1m", MapUnmap, kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-munmap-16m", MapUnmap, 16 * kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-munmap-256m", MapUnmap, 256 * kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-munmap-1g", MapUnmap, kGiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-4k", MapTouchUnmap, 4 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-64k", MapTouchUnmap, 64 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-1m", MapTouchUnmap, kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-16m", MapTouchUnmap, 16 * kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-256m", MapTouchUnmap, 256 * kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-touch-munmap-1g", MapTouchUnmap, kGiB, nullptr, SettleBytes, DropPlace},
#ifdef MAP_POPULATE
    {"mmap-populate-munmap-4k", PopulateUnmap, 4 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-populate-munmap-64k", PopulateUnmap, 64 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-populate-munmap-1m", PopulateUnmap, kMiB, nullptr, SettleBytes, DropPlace},
    {"mmap-populate-munmap-16m", PopulateUnmap, 16 * kMiB, nullptr, SettleBytes, DropPlace},
#endif
    {"mmap-shared-munmap-64k", SharedUnmap, 64 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-shared-touch-munmap-64k", SharedTouchUnmap, 64 * kKiB, nullptr, SettleBytes, DropPlace},
    {"mmap-file-munmap-64k", FileUnmap, 64 * kKiB, nullptr, SettleFile, DropFileAndPlace},
    {"mmap-file-munmap-1m", FileUnmap, kMiB, nullptr, SettleFile, DropFileAndPlace},
    {"mmap-file-read-munmap-64k", FileReadUnmap, 64 * kKiB, nullptr, SettleFile, DropFileAndPlace},
    {"mmap-file-read-munmap-1m", FileReadUnmap, kMiB, nullptr, SettleFile, DropFileAndPlace},
#ifdef MAP_HUGETLB
    {"mmap-hugetlb-touch-munmap-2m", HugetlbTouchUnmap, 2 * kMiB},
#endif
    {nullptr, nullptr},
};
