// Timed cases: mprotect. What it costs hangs on two things that the size does not tell: whether the pages
// have been touched, and whether the change makes the kernel split a range or merge it with its neighbours.

#include "timed_cases.h"

namespace {

// The pages between two that nobody may access, so that nothing merges with them:
//
//   | none |  bytes, at least one page  | none |
bool Fence(Scratch& scratch) {
  const size_t page = scratch.page;
  if (mprotect(scratch.base, page, PROT_NONE) != 0) return false;
  return mprotect(scratch.base + page + scratch.bytes, page, PROT_NONE) == 0;
}

bool FenceTouched(Scratch& scratch) {
  TouchPages(scratch.base + scratch.page, scratch.bytes, scratch.page);
  return Fence(scratch);
}

// One operation: one change of the whole fenced range, read-only or back.
bool Flip(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    const int protection = ++scratch.turn % 2 == 1 ? PROT_READ : kReadWrite;
    return mprotect(scratch.base + scratch.page, scratch.bytes, protection) == 0;
  });
}

bool NoChange(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    return mprotect(scratch.base + scratch.page, scratch.bytes, kReadWrite) == 0;
  });
}

// Three pages among others, so that what splits and merges does so in a tree that is always the same.
bool ThreeAmongOthers(Scratch& scratch) {
  const size_t bytes = 3 * scratch.page;
  if (!MakePlace(scratch, bytes, PROT_NONE, PROT_NONE)) return false;
  if (mprotect(scratch.middle, bytes, kReadWrite) != 0) return false;
  return TouchPages(scratch.middle, bytes, scratch.page), true;
}

// Two without access, and one between them that merges with both.
bool NoneAmongOthers(Scratch& scratch) {
  const size_t page = scratch.page;
  return ThreeAmongOthers(scratch) && mprotect(scratch.middle, page, PROT_NONE) == 0 &&
         mprotect(scratch.middle + 2 * page, page, PROT_NONE) == 0;
}

template <int kProtection>
bool FlipMiddle(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    const int protection = ++scratch.turn % 2 == 1 ? kProtection : kReadWrite;
    return mprotect(scratch.middle + scratch.page, scratch.page, protection) == 0;
  });
}

}  // namespace

const TimedCase kProtectCases[] = {
    {"mprotect-no-change", NoChange, 4 * kKiB, nullptr, FenceTouched},
    {"mprotect-flip", Flip, 4 * kKiB, nullptr, FenceTouched},
    {"mprotect-flip-32k", Flip, 32 * kKiB, nullptr, FenceTouched},
    {"mprotect-flip-128k", Flip, 128 * kKiB, nullptr, FenceTouched},
    {"mprotect-flip-256k", Flip, 256 * kKiB, nullptr, FenceTouched},
    {"mprotect-flip-1m", Flip, kMiB, nullptr, FenceTouched},
    {"mprotect-flip-16m", Flip, 16 * kMiB, nullptr, FenceTouched},
    {"mprotect-flip-untouched-4k", Flip, 4 * kKiB, nullptr, Fence},
    {"mprotect-flip-untouched-1m", Flip, kMiB, nullptr, Fence},
    {"mprotect-flip-untouched-16m", Flip, 16 * kMiB, nullptr, Fence},
    // The pages beside it stay as they are: read-only splits, back merges.
    {"mprotect-split-merge", FlipMiddle<PROT_READ>, 4 * kKiB, nullptr, ThreeAmongOthers, DropPlace},
    // No access merges with both, and back splits from them again.
    {"mprotect-none-merge", FlipMiddle<PROT_NONE>, 4 * kKiB, nullptr, NoneAmongOthers, DropPlace},
    {nullptr, nullptr},
};
