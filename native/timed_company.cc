// Timed cases: the same calls in other company: beside mappings that merge with the new one, among very many
// mappings.

#include "timed_cases.h"

namespace {

template <int kLeft, int kRight>
bool MakePageHole(Scratch& scratch) {
  return MakeHole(scratch, scratch.page, kLeft, kRight);
}

// One operation: map the page that fills the hole, and unmap it.
bool FillHole(Scratch& scratch, size_t operations) {
  char* const hole = scratch.middle;
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

// `bytes` is the number of mappings here: pages whose protections alternate, so that each is a mapping. The
// hole is in their middle, or beside it: it takes the place of one without access.
bool MakeHoleAmongMany(Scratch& scratch) {
  const size_t page = scratch.page;
  if (!MakeOwn(scratch, (scratch.bytes + 3) * page, PROT_NONE)) return false;
  const size_t hole = scratch.bytes / 4 * 2;
  for (size_t i = 1; i < scratch.bytes; i += 2) {
    // Its neighbours stay without access, as in the fenced case.
    if (i + 1 == hole || i == hole + 1) continue;
    if (mprotect(scratch.own + i * page, page, PROT_READ) != 0) return false;
  }
  scratch.middle = scratch.own + hole * page;
  scratch.middle_length = page;
  return OpenPlace(scratch);
}

}  // namespace

constexpr int kClosed = PROT_NONE;

const TimedCase kCompanyCases[] = {
    {"mmap-munmap-4k-fenced", FillHole, 0, nullptr, MakePageHole<kClosed, kClosed>, DropPlace},
    {"mmap-munmap-4k-one-neighbour", FillHole, 0, nullptr, MakePageHole<kReadWrite, kClosed>, DropPlace},
    {"mmap-munmap-4k-two-neighbours", FillHole, 0, nullptr, MakePageHole<kReadWrite, kReadWrite>, DropPlace},
    {"mmap-only-4k-fenced", FillHoles, 0, EmptyAllHoles, MakeHoles, DropHoles, kHoles},
    {"munmap-only-4k-fenced", EmptyHoles, 0, FillAllHoles, MakeHoles, DropHoles, kHoles},
    {"mmap-munmap-4k-among-1000", FillHole, 1000, nullptr, MakeHoleAmongMany, DropPlace},
    {"mmap-munmap-4k-among-10000", FillHole, 10000, nullptr, MakeHoleAmongMany, DropPlace},
    {"mmap-munmap-4k-among-50000", FillHole, 50000, nullptr, MakeHoleAmongMany, DropPlace},
    {nullptr, nullptr},
};
