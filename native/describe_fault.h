// From a fault to what it is: which block it is about, how far from it, since when. Signal-safe; the lock of
// the table must be held.

#ifndef NATIVE_DESCRIBE_FAULT_H_
#define NATIVE_DESCRIBE_FAULT_H_

#include "fault_ring.h"

// What the machine says.
struct FaultFacts {
  int signal;
  int code;
  uintptr_t address;
  uintptr_t pc;
  FaultAccess access;
};

// Fills a cleared fault in: a hit in a range.
void DescribeHit(const GuardedRange& range, const FaultFacts& facts, Fault* fault);

// Likewise, where no range is.
void DescribeWild(const FaultFacts& facts, Fault* fault);

#endif  // NATIVE_DESCRIBE_FAULT_H_
