// The operations syscall_timer.cc can time: what one operation is, and what must stand before a batch of
// them.

#ifndef NATIVE_TIMED_CASES_H_
#define NATIVE_TIMED_CASES_H_

#include <cstddef>

// Memory a case works on; made before the first batch, unmapped after the last.
struct Scratch {
  char* base = nullptr;
  size_t page = 0;
};

struct TimedCase {
  const char* name;
  // Runs before each batch, untimed; may be null. False with errno set when the system refuses.
  bool (*before)(const Scratch& scratch, size_t operations);
  // Runs `operations` operations; false with errno set when the system refuses one.
  bool (*run)(const Scratch& scratch, size_t operations);
};

// Pages of Scratch, and so the most operations of a batch that touches each page once.
constexpr size_t kScratchPages = 1024;

// The cases of this platform, ended by one whose name is null.
extern const TimedCase kTimedCases[];

// The loop around every case, empty: what it costs is subtracted.
bool RunNothing(const Scratch& scratch, size_t operations);

// Maps the scratch pages; false with errno set when the system refuses.
bool MakeScratch(Scratch* scratch);
void DropScratch(const Scratch& scratch);

#endif  // NATIVE_TIMED_CASES_H_
