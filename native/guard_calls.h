// Guarded ranges end with the memory they guard.

#ifndef NATIVE_GUARD_CALLS_H_
#define NATIVE_GUARD_CALLS_H_

#include <cstddef>
#include <cstdint>

// Unregisters every guarded range inside; its pages stay as they are.
void ForgetGuards(uintptr_t base, size_t length);

#endif  // NATIVE_GUARD_CALLS_H_
