// Who needs the fault handler: each guarded range, and each native accessor while it runs. With the first it
// is installed, with the last it goes, unless somebody put theirs over it.

#ifndef NATIVE_HANDLER_HOLD_H_
#define NATIVE_HANDLER_HOLD_H_

#include "signal_chain.h"

// 0 or -errno, and then nothing is held.
int AcquireHandler();

// For holders of guarded ranges: the helper thread, and for single steps the trap behind each. Goes with the
// last holder. 0 or -errno.
int PrepareForRange(bool stepping);

// Gives back `count` of what was acquired.
void ReleaseHandler(int count = 1);

// Puts our handlers first again; -ENOENT when none is needed.
int ReinstallHandler();

// Signals of faults, and the trap behind a single step.
SignalChain* ChainOf(int signal);

// How many hold it.
int HandlerHolds();

#endif  // NATIVE_HANDLER_HOLD_H_
