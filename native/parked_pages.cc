// Moving page tables: see parked_pages.h.

#include "parked_pages.h"

#include <sys/mman.h>

#include <cerrno>

// Linux 5.7; older kernels answer EINVAL.
#if defined(__linux__) && !defined(MREMAP_DONTUNMAP)
#define MREMAP_DONTUNMAP 4
#endif

#ifdef __linux__

namespace {

// What one page table maps.
constexpr size_t kTableBytes = size_t{2} << 20;

void* Pointer(uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

// Address space without memory that begins at the border of a page table, or 0.
uintptr_t Reserve(size_t length) {
  const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  void* const memory = mmap(nullptr, length + kTableBytes, PROT_NONE, flags, -1, 0);
  if (memory == MAP_FAILED) return 0;
  const auto start = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t place = (start + kTableBytes - 1) / kTableBytes * kTableBytes;
  if (place > start) munmap(memory, place - start);
  const size_t behind = start + kTableBytes - place;
  if (behind > 0) munmap(Pointer(place + length), behind);
  return place;
}

// The mapping stays where it was, empty: nobody else gets the address space.
int Move(uintptr_t from, size_t length, uintptr_t to) {
  const int flags = MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP;
  return mremap(Pointer(from), length, length, flags, Pointer(to)) == MAP_FAILED ? -errno : 0;
}

}  // namespace

bool IsParkable(uintptr_t home, size_t length) {
  return length > 0 && home % kTableBytes == 0 && length % kTableBytes == 0;
}

int MakeParking(uintptr_t home, size_t length, Parking* parking) {
  *parking = {home, length, Reserve(length), false};
  return parking->place == 0 ? -errno : 0;
}

int ParkPages(Parking* parking) {
  int result = Move(parking->home, parking->length, parking->place);
  if (result != 0) return result;
  if (mprotect(Pointer(parking->home), parking->length, PROT_NONE) != 0) {
    result = -errno;
    Move(parking->place, parking->length, parking->home);
  }
  parking->is_taken = result == 0;
  return result;
}

int UnparkPages(Parking* parking) {
  const int result = Move(parking->place, parking->length, parking->home);
  if (result == 0) parking->is_taken = false;
  return result;
}

void DropParking(const Parking& parking) {
  munmap(Pointer(parking.place), parking.length);
}

#else

bool IsParkable(uintptr_t, size_t) {
  return false;
}

int MakeParking(uintptr_t, size_t, Parking*) {
  return -ENOTSUP;
}

int ParkPages(Parking*) {
  return -ENOTSUP;
}

int UnparkPages(Parking*) {
  return -ENOTSUP;
}

void DropParking(const Parking&) {}

#endif
