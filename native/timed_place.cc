// Where a timed case puts its mappings. Linux keeps the mappings of a process, and the gaps between them, in
// a tree whose nodes hold up to 16 of them, and pages of page tables under those that were touched. A mapping
// that comes into a full node splits it, one that leaves a half-full one merges it with the next (0.4 to 2
// us); tables that stand under a mapping are searched when it goes (1.5 us for 256 MiB). Both differ from
// launch to launch, and from case to case in one launch. So a place is made for the case, always the same:
//
//   ... none | crowd | left | middle | right | crowd | none ...
//
// The crowd is of single pages whose protections alternate, as many mappings; the nodes of the tree that it
// fills by turns, and with them those around the middle, are half full. No page has been touched.

#include <algorithm>
#include <cerrno>

#include "timed_cases.h"

namespace {

// Mappings on each side: several nodes of the tree.
constexpr size_t kCrowd = 64;
// Pages from a table's boundary to the middle.
constexpr size_t kBefore = 2 * kCrowd;

// What one table of page tables, of eight bytes for each entry, reaches over; and one table of such tables.
size_t TableBytes(size_t page) {
  return page / 8 * page;
}

size_t UpperTableBytes(size_t page) {
  return page / 8 * TableBytes(page);
}

char* AlignUp(char* at, size_t boundary) {
  const uintptr_t address = reinterpret_cast<uintptr_t>(at) + boundary - 1;
  return reinterpret_cast<char*>(address / boundary * boundary);
}

// Every other page from `start` on; the one next to the middle differs from a page without access.
bool MakeCrowd(char* start, size_t page) {
  return Repeat(kCrowd / 2, [&](size_t i) { return mprotect(start + 2 * i * page, page, PROT_READ) == 0; });
}

#ifdef __linux__
// Fills what lies above the place with mappings that stay, until the kernel, left to choose, takes the
// middle. Largest first: few are needed.
bool FillAbove(Scratch& scratch, size_t bytes) {
  constexpr int kAttempts = 4096;
  const char* const end = scratch.middle + scratch.middle_length;
  size_t size = std::max(bytes, scratch.own_length);
  for (int i = 0; i < kAttempts; ++i) {
    void* const got = mmap(nullptr, size, PROT_NONE, kAnonymous, -1, 0);
    if (got == MAP_FAILED) return false;
    char* const at = static_cast<char*>(got);
    if (at >= end) {
      scratch.fillers.push_back({at, size});
      continue;
    }
    munmap(at, size);
    if (at >= scratch.middle) return true;
    if (size == bytes) break;
    size = std::max(bytes, size / 2 / scratch.page * scratch.page);
  }
  return errno = ENOTSUP, false;
}
#endif

}  // namespace

bool MakePlace(Scratch& scratch, size_t bytes, int left, int right) {
  const size_t page = scratch.page;
  const bool is_large = bytes >= TableBytes(page);
  const size_t boundary = is_large ? UpperTableBytes(page) : TableBytes(page);
  const size_t length = bytes + 2 * boundary;
  void* const base = mmap(nullptr, length, PROT_NONE, kAnonymous, -1, 0);
  if (base == MAP_FAILED) return false;
  scratch.own = static_cast<char*>(base);
  scratch.own_length = length;
  // Room for the crowd before it, either way.
  scratch.middle = AlignUp(scratch.own + kBefore * page, boundary) + (is_large ? 0 : kBefore * page);
  scratch.middle_length = bytes;
  char* const after = scratch.middle + bytes;
  return MakeCrowd(scratch.middle - (kCrowd + 2) * page, page) && MakeCrowd(after + 2 * page, page) &&
         mprotect(scratch.middle - page, page, left) == 0 && mprotect(after, page, right) == 0;
}

bool OpenPlace(Scratch& scratch) {
  if (munmap(scratch.middle, scratch.middle_length) != 0) return false;
  return scratch.is_open = true;
}

bool MakeHole(Scratch& scratch, size_t bytes, int left, int right) {
  return MakePlace(scratch, bytes, left, right) && OpenPlace(scratch);
}

void DropPlace(Scratch& scratch) {
  for (const Filler& filler : scratch.fillers) munmap(filler.base, filler.length);
  scratch.fillers.clear();
  if (scratch.own == nullptr) return;
  // Never the open middle itself, which may hold somebody else's mapping by now.
  char* const after = scratch.middle + scratch.middle_length;
  char* const end = scratch.own + scratch.own_length;
  if (!scratch.is_open) munmap(scratch.own, scratch.own_length);
  if (scratch.is_open) munmap(scratch.own, static_cast<size_t>(scratch.middle - scratch.own));
  if (scratch.is_open) munmap(after, static_cast<size_t>(end - after));
  scratch.own = nullptr;
}

bool Settle(Scratch& scratch, size_t bytes) {
#ifdef __linux__
  const size_t table = TableBytes(scratch.page);
  // One that could hold a huge page is aligned, within a middle that leaves room for that.
  if (bytes >= table)
    return MakeHole(scratch, bytes + table, PROT_NONE, PROT_NONE) && FillAbove(scratch, bytes);
  if (!MakePlace(scratch, bytes, PROT_NONE, kReadWrite)) return false;
  TouchPages(scratch.middle + bytes, scratch.page, scratch.page);
  return OpenPlace(scratch) && FillAbove(scratch, bytes);
#else
  // What other kernels choose is not known.
  return static_cast<void>(scratch), static_cast<void>(bytes), true;
#endif
}

bool MapAt(char* address, size_t bytes, int protection) {
  // A hint, not MAP_FIXED: that would replace what another thread has put there meanwhile.
  void* const got = mmap(address, bytes, protection, kAnonymous, -1, 0);
  if (got == address) return true;
  if (got == MAP_FAILED) return false;
  munmap(got, bytes);
  return errno = EBUSY, false;
}
