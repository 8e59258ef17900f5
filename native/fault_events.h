// From a signal handler to everybody else: a pipe, read by one helper thread of the process. It wakes the
// JavaScript threads that listen for hits, and ends a process whose fatal hit found no safepoint.
//
//   handler --byte--> pipe --> helper thread --> thread-safe function of each listening environment
//
// The thread blocks all signals, sleeps unless there was a hit, and ends with the last guarded range.

#ifndef NATIVE_FAULT_EVENTS_H_
#define NATIVE_FAULT_EVENTS_H_

#include <cstdint>

// 0 or -errno. Does nothing if it runs.
int StartFaultHelper();

// Waits for its end. Does nothing if it does not run.
void StopFaultHelper();

// Signal-safe. Several hits in a row may be told as one.
void PostFault();
void PostFatal(uint32_t sequence);

#endif  // NATIVE_FAULT_EVENTS_H_
