// What the machine's state at a fault says, for Linux and macOS on x86-64 and arm64. Signal-safe.

#ifndef NATIVE_FAULT_CONTEXT_H_
#define NATIVE_FAULT_CONTEXT_H_

#include <cstdint>

#include "fault_ring.h"

// Address of the instruction.
uintptr_t FaultPc(const void* context);

// What the instruction did, as the CPU's error code says.
FaultAccess AccessOf(const void* context);

#if defined(__linux__) && defined(__x86_64__)
constexpr bool kCanStep = true;
#else
constexpr bool kCanStep = false;
#endif

// Switches the trap after each instruction on or off, from the return of the handler on. Nothing where
// !kCanStep.
void SetStepping(void* context, bool on);

#endif  // NATIVE_FAULT_CONTEXT_H_
