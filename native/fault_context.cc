// Registers by platform: see fault_context.h.

#include "fault_context.h"

#ifdef __APPLE__
#include <sys/ucontext.h>
#else
#include <ucontext.h>
#endif

namespace {

[[maybe_unused]] FaultAccess ReadOrWrite(bool is_write) {
  return is_write ? FaultAccess::kWrite : FaultAccess::kRead;
}

// x86-64: bit 1 of the page fault's error code is "write", bit 4 "instruction fetch". A fault of another kind
// (an address that is no address) has none of them, and says nothing.
[[maybe_unused]] FaultAccess FromX86(uint64_t error_code, uint64_t trap) {
  constexpr uint64_t kPageFault = 14;
  if (trap != kPageFault || (error_code & 0x10) != 0) return FaultAccess::kUnknown;
  return ReadOrWrite((error_code & 2) != 0);
}

// arm64: exception class 0x24 or 0x25 is a data abort, then bit 6 is "write, not read".
[[maybe_unused]] FaultAccess FromArm(uint64_t syndrome) {
  const uint64_t exception_class = (syndrome >> 26) & 0x3f;
  if (exception_class != 0x24 && exception_class != 0x25) return FaultAccess::kUnknown;
  return ReadOrWrite((syndrome & 0x40) != 0);
}

}  // namespace

#if defined(__linux__) && defined(__x86_64__)

uintptr_t FaultPc(const void* context) {
  return static_cast<uintptr_t>(static_cast<const ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP]);
}

FaultAccess AccessOf(const void* context) {
  const auto& registers = static_cast<const ucontext_t*>(context)->uc_mcontext.gregs;
  return FromX86(static_cast<uint64_t>(registers[REG_ERR]), static_cast<uint64_t>(registers[REG_TRAPNO]));
}

void SetStepping(void* context, bool on) {
  constexpr greg_t kTrapFlag = 0x100;
  greg_t* const flags = &static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_EFL];
  *flags = on ? *flags | kTrapFlag : *flags & ~kTrapFlag;
}

#elif defined(__linux__) && defined(__aarch64__)

uintptr_t FaultPc(const void* context) {
  return static_cast<const ucontext_t*>(context)->uc_mcontext.pc;
}

// The kernel appends records: magic number, size, contents. The last has magic 0.
FaultAccess AccessOf(const void* context) {
  constexpr uint32_t kSyndromeMagic = 0x45535201;
  struct Record {
    uint32_t magic;
    uint32_t size;
    uint64_t syndrome;
  };
  const auto& reserved = static_cast<const ucontext_t*>(context)->uc_mcontext.__reserved;
  const auto* at = reinterpret_cast<const uint8_t*>(reserved);
  const uint8_t* const end = at + sizeof(reserved);
  while (at + sizeof(Record) <= end) {
    const auto* const record = reinterpret_cast<const Record*>(at);
    if (record->magic == kSyndromeMagic) return FromArm(record->syndrome);
    if (record->magic == 0 || record->size < 8) break;
    at += record->size;
  }
  return FaultAccess::kUnknown;
}

void SetStepping(void*, bool) {}

#elif defined(__APPLE__) && defined(__x86_64__)

uintptr_t FaultPc(const void* context) {
  return static_cast<const ucontext_t*>(context)->uc_mcontext->__ss.__rip;
}

FaultAccess AccessOf(const void* context) {
  const auto& exception = static_cast<const ucontext_t*>(context)->uc_mcontext->__es;
  return FromX86(exception.__err, exception.__trapno);
}

void SetStepping(void*, bool) {}

#elif defined(__APPLE__) && defined(__aarch64__)

uintptr_t FaultPc(const void* context) {
  return static_cast<uintptr_t>(
      __darwin_arm_thread_state64_get_pc(static_cast<const ucontext_t*>(context)->uc_mcontext->__ss));
}

FaultAccess AccessOf(const void* context) {
  return FromArm(static_cast<const ucontext_t*>(context)->uc_mcontext->__es.__esr);
}

void SetStepping(void*, bool) {}

#else

uintptr_t FaultPc(const void*) {
  return 0;
}

FaultAccess AccessOf(const void*) {
  return FaultAccess::kUnknown;
}

void SetStepping(void*, bool) {}

#endif
