// Which pages of the process are guards, whose they are, and what happens when one is hit: the one table that
// the fault handler asks.
//
//   GuardedRange: base ... end, policy, method
//       |
//       +-- GuardTables, shared with JavaScript, which writes owners and blocks without a call
//             states: one byte per page     0 closed, 1 open, 2 opened by a hit, 3 shut
//             owners: one uint32 per page   index of its block + 1, 0 nobody
//             blocks: 64 bytes per block    see BlockRecord
//
// All functions may be called on any thread; those that a signal handler may call say so. A page is closed
// and opened under one spin lock, because a hit on another thread may come at any moment; nobody who holds
// the lock touches guarded memory.

#ifndef NATIVE_GUARD_TABLE_H_
#define NATIVE_GUARD_TABLE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "parked_pages.h"

struct JsThread;

enum class FaultPolicy : int { kDie, kThrow, kRecord, kTrace };
enum class GuardMethod : int { kProtect, kLightweight };

// As lib/posix/block-table.ts writes it.
struct BlockRecord {
  uint32_t state;  // 0 none, 1 live, 2 freed
  uint32_t number;
  double start;
  double size;
  uint32_t slack;
  uint32_t alloc_site;
  uint32_t free_site;
  uint32_t alloc_thread;
  uint32_t free_thread;
  uint32_t unused;
  double alloc_time_ms;
  double free_time_ms;
};
static_assert(sizeof(BlockRecord) == 64, "lib/posix/block-table.ts has the same layout");

// Memory of its own, given back with the last user: the range, or an ArrayBuffer over a part.
struct GuardTables {
  static std::shared_ptr<GuardTables> Create(size_t pages, size_t blocks);
  ~GuardTables();

  uint8_t* states = nullptr;
  uint32_t* owners = nullptr;
  BlockRecord* blocks = nullptr;
  size_t pages = 0;
  size_t block_count = 0;

 private:
  void* memory_ = nullptr;
  size_t length_ = 0;
};

struct GuardedRange {
  int32_t id = -1;  // -1: this place in the table is free
  uintptr_t base = 0;
  uintptr_t end = 0;
  FaultPolicy policy = FaultPolicy::kDie;
  GuardMethod method = GuardMethod::kProtect;
  bool capture_stack = false;
  char name[48] = {};
  const void* owner = nullptr;  // the environment that registered it
  std::shared_ptr<GuardTables> tables;
  // Stretches that are shut by being moved aside, now or once.
  std::vector<Parking> parkings;
  // Pages in state 2, where they lie, and whose access opened the last of them (null: no JavaScript thread).
  const JsThread* hit_by = nullptr;
  uint32_t hit_pages = 0;
  size_t first_hit = 0;
  size_t last_hit = 0;
};

// Words that JavaScript polls.
struct GuardCounters {
  std::atomic<uint32_t> faults;
  std::atomic<uint32_t> hit_pages;
  std::atomic<uint32_t> split_mappings;  // kept by lib/pages
  std::atomic<uint32_t> unused;
};
extern GuardCounters guard_counters;

// Held while the table is read or pages change. Signal-safe.
class GuardLock {
 public:
  GuardLock();
  ~GuardLock();
};

// Adds a range whose pages are all marked closed. -ENOMEM, or -ENOSPC when the table is full; else its id.
int32_t AddGuardedRange(const GuardedRange& range, size_t blocks);

// Takes a range out. False if there was none of this id.
bool RemoveGuardedRange(int32_t id);

// Takes out every range inside [base, base + length), or of an owner. Returns how many.
int RemoveGuardsWithin(uintptr_t base, size_t length);
int RemoveGuardsOf(const void* owner);

// The tables of a range, or null.
std::shared_ptr<GuardTables> GuardTablesOf(int32_t id);

// Number of ranges of the process.
int CountGuardedRanges();

// Opens or closes pages of a range: marks and one system call. 0 or -errno; -EINVAL for pages it does not
// have.
int OpenGuards(int32_t id, size_t offset, size_t length);
int CloseGuards(int32_t id, size_t offset, size_t length);

// Shuts a stretch of a range with lightweight guards, or undoes that: its open pages keep what they hold, its
// guards stay guards, pages that were hit meanwhile are marked closed. A stretch of whole page tables is
// moved aside, any other takes one mprotect. 0 or -errno.
int ShutGuards(int32_t id, size_t offset, size_t length, bool shut);

// Closes the pages that hits of this thread have opened, and of threads without safepoints: an access of
// another thread may not have come back to its page yet. Returns how many. Signal-safe.
int RearmGuards();

// For the handler, which holds the lock:

// The range an address lies in, or null.
GuardedRange* FindGuardedRange(uintptr_t address);

// The range of a number, or null.
GuardedRange* GuardedRangeOf(int32_t id);

// Opens one closed page so that the access can land. False if it cannot be, or is no guard.
bool OpenHitPage(GuardedRange* range, size_t page);

// Closes it again.
void CloseHitPage(GuardedRange* range, size_t page);

#endif  // NATIVE_GUARD_TABLE_H_
