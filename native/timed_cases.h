// The operations syscall_timer.cc can time: what one operation is, and what must stand before a batch of
// them. One file per subject: timed_*.cc. What each case is said to be, in words, is lib/costs/catalogue.

#ifndef NATIVE_TIMED_CASES_H_
#define NATIVE_TIMED_CASES_H_

#include <sys/mman.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

// A mapping that DropPlace unmaps.
struct Filler {
  char* base;
  size_t length;
};

// Memory a case works on; made before the first batch, unmapped after the last.
struct Scratch {
  // At least kScratchPages pages, and `bytes` and two pages more. Never huge pages, never a neighbour that
  // merges with a fresh mapping.
  char* base = nullptr;
  size_t length = 0;
  size_t page = 0;
  // What one operation works on, from the table.
  size_t bytes = 0;
  // Batches done.
  size_t batches = 0;
  // Operations done, for those that go back and forth.
  size_t turn = 0;
  // What `make` keeps: a file, memory of its own.
  int fd = -1;
  pid_t child = 0;
  char* own = nullptr;
  size_t own_length = 0;
  // Blocks of malloc that `make` keeps from being given.
  std::vector<void*> held;
  // MakePlace: the part of `own` where the case maps; true when it has been unmapped.
  char* middle = nullptr;
  size_t middle_length = 0;
  bool is_open = false;
  // Further mappings: those of Settle keep the kernel from other places.
  std::vector<Filler> fillers;
};

using CaseStep = bool (*)(Scratch& scratch, size_t operations);

struct TimedCase {
  const char* name;
  // Runs `operations` operations, a number that is 1 or even; false with errno set when the system refuses
  // one.
  CaseStep run;
  size_t bytes = 0;
  // Runs before each batch, untimed.
  CaseStep before = nullptr;
  // Run once, before the first batch and after the last; `drop` after a failed `make` too.
  bool (*make)(Scratch& scratch) = nullptr;
  void (*drop)(Scratch& scratch) = nullptr;
  // Most operations of a batch. 0: as many as Scratch has pages where `before` is given, else any number.
  size_t most = 0;
  // Asked after each batch: false for one that was not what the case is about, and is done again.
  bool (*counts)(Scratch& scratch) = nullptr;
};

// Pages of Scratch, and so the most operations of a batch that touches each page once.
constexpr size_t kScratchPages = 1024;

constexpr size_t kKiB = 1024;
constexpr size_t kMiB = 1024 * kKiB;
constexpr size_t kGiB = 1024 * kMiB;

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr int kAnonymous = MAP_PRIVATE | MAP_ANON;

// The cases of this platform by subject, each list ended by one whose name is null.
extern const TimedCase kBasicCases[];
extern const TimedCase kMapCases[];
extern const TimedCase kTouchCases[];
extern const TimedCase kProtectCases[];
extern const TimedCase kBreakCases[];
extern const TimedCase kAdviceCases[];
extern const TimedCase kCompanyCases[];
extern const TimedCase kSecondCases[];
extern const TimedCase kGuardCases[];
extern const TimedCase kMallocCases[];
extern const TimedCase* const kTimedFamilies[];

// The loop around every case, empty: what it costs is subtracted.
bool RunNothing(Scratch& scratch, size_t operations);

// Maps the scratch pages; false with errno set when the system refuses.
bool MakeScratch(Scratch* scratch);
void DropScratch(const Scratch& scratch);

// Makes the first pages of scratch untouched again, one for each operation.
bool EmptyPages(Scratch& scratch, size_t operations);

// Opens a file of kScratchPages pages in the folder for temporary files, without a name. DropFile closes it.
bool MakeFile(Scratch& scratch);
void DropFile(Scratch& scratch);

// Maps what `own` holds, or gives it back. The protection is what mmap takes.
bool MakeOwn(Scratch& scratch, size_t length, int protection);
void DropOwn(Scratch& scratch);

// A place among mappings that are always the same, in `middle`: see timed_place.cc. Its neighbours to the
// left and to the right are one page each, with these protections. MakeHole takes the middle out again.
bool MakePlace(Scratch& scratch, size_t bytes, int left, int right);
bool OpenPlace(Scratch& scratch);
bool MakeHole(Scratch& scratch, size_t bytes, int left, int right);
void DropPlace(Scratch& scratch);

// Makes a place and arranges that mmap, left to choose, puts `bytes` bytes there: directly below a touched
// page they merge with, and nothing below them that they merge with. That is what happens in most programs,
// where each mapping lands below the one before. Linux aligns mappings that could hold a huge page; those get
// nothing to merge with, and no page tables stand under them. Left to chance the cost differs from launch to
// launch by up to 80 %. ENOTSUP where Linux chooses otherwise; elsewhere nothing is arranged. DropPlace
// undoes.
bool Settle(Scratch& scratch, size_t bytes);

// Nanoseconds of a loop that is always the same: how fast the processor is right now.
double PaceNs();

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

// Stores into one byte of each page.
inline void TouchPages(char* base, size_t bytes, size_t page) {
  for (size_t at = 0; at < bytes; at += page) static_cast<volatile char*>(base)[at] = 1;
}

// Maps one page at an address that is free; false with EBUSY when somebody else has taken it.
bool MapAt(char* address, size_t bytes, int protection);

#endif  // NATIVE_TIMED_CASES_H_
