// Native reads and writes of any address, which a fault ends instead of the process.

#ifndef NATIVE_GUARDED_ACCESS_H_
#define NATIVE_GUARDED_ACCESS_H_

#include <cstddef>
#include <cstdint>

// Each returns 0, or the sequence number of the fault it ran into: what was done up to there stays done.
// Bytes are touched one by one in ascending order, so the fault is at the first bad one.
uint32_t ReadBytes(uintptr_t from, size_t length, uint8_t* out);
uint32_t WriteBytes(uintptr_t to, size_t length, const uint8_t* bytes);
uint32_t CopyBytes(uintptr_t to, uintptr_t from, size_t length);
uint32_t SetBytes(uintptr_t to, uint8_t byte, size_t length);
uint32_t CopyString(uintptr_t to, uintptr_t from);
uint32_t StringLength(uintptr_t from, size_t* length);

// Whether every page of a range can be read, asked of the system: no signal is raised. A range of no bytes
// can. 1, 0, or -errno where the system does not tell.
int IsReadable(uintptr_t address, size_t length);

#endif  // NATIVE_GUARDED_ACCESS_H_
