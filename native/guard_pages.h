// The system calls that close and open pages, and the memory of the tables.

#ifndef NATIVE_GUARD_PAGES_H_
#define NATIVE_GUARD_PAGES_H_

#include "guard_table.h"

// Closed is 0, so that the states of a large range take no memory before they are used.
constexpr uint8_t kPageClosed = 0;
constexpr uint8_t kPageOpen = 1;
constexpr uint8_t kPageHit = 2;
// Open, were it not for a protection above it: ShutGuards.
constexpr uint8_t kPageShut = 3;

// One call each: 0 or -errno. Signal-safe.
int OpenPages(GuardMethod method, uintptr_t address, size_t length);
int ClosePages(GuardMethod method, uintptr_t address, size_t length);

#endif  // NATIVE_GUARD_PAGES_H_
