// A fault as one line of JSON, format "chunkyard-fault 1": the fields of MemoryFault
// (lib/core/memory-fault.ts), addresses as "0x..." and stacks as lists of lines.

#ifndef NATIVE_FAULT_JSON_H_
#define NATIVE_FAULT_JSON_H_

#include "fault_ring.h"
#include "text_writer.h"

// Signal-safe.
void PutFaultJson(TextWriter* out, const Fault& fault);

#endif  // NATIVE_FAULT_JSON_H_
