// The last hits of the process, and the texts of allocation sites that they name. Plain memory that a signal
// handler writes and any thread may copy out of.

#ifndef NATIVE_FAULT_RING_H_
#define NATIVE_FAULT_RING_H_

#include <cstddef>
#include <cstdint>

#include "guard_table.h"

enum class FaultKind : int { kGuardPage, kOverflow, kUnderflow, kUseAfterFree, kWild };
enum class FaultAccess : int { kUnknown, kRead, kWrite };

struct Fault {
  uint32_t sequence;  // from 1
  FaultKind kind;
  FaultPolicy policy;
  FaultAccess access;
  int signal;
  int signal_code;
  uintptr_t address;
  uintptr_t pc;
  int32_t range_id;  // -1: none
  char range_name[48];
  uint64_t offset;
  double distance;  // NaN: inside the block, or no block
  BlockRecord block;
  uint32_t thread;  // Node's number + 1; 0: it runs no JavaScript
  uint64_t thread_id;
  double time_ms;
  bool wants_stack;
  char js_stack[2048];  // lines "at f (file:line:column)"
};

constexpr uint32_t kRingFaults = 1024;
constexpr size_t kSiteBytes = 512;

// The next fault's place, cleared, with its sequence number; JavaScript sees it from PublishFault() on. The
// lock of the table must be held from one to the other. Signal-safe.
Fault* NewFault();
void PublishFault(const Fault& fault);

// A fault that was not overwritten, else null. For reports: nobody changes it but for its stack.
const Fault* FindFault(uint32_t sequence);

// Copies a fault; false if it was overwritten or never was. Takes the lock of the table.
bool CopyFault(uint32_t sequence, Fault* fault);

// Gives a stack to every fault of a thread from `first` on that still wants one. Takes the lock.
void GiveStack(uint64_t thread_id, uint32_t first, const char* stack);

// Number of a text, the same for the same text only if the caller keeps it so; 0 when the table is full.
uint32_t AddSite(const char* text, size_t length);

// Text of a site, with NUL; empty for 0 and unknown ones. Signal-safe.
const char* SiteText(uint32_t site);

#endif  // NATIVE_FAULT_RING_H_
