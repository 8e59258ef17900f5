// The words of reports, as lib/core/memory-fault.ts has them.

#ifndef NATIVE_FAULT_WORDS_H_
#define NATIVE_FAULT_WORDS_H_

#include <csignal>

#include "code_place.h"
#include "fault_ring.h"
#include "text_writer.h"

// Where and when a block was allocated or freed.
struct BlockSite {
  uint32_t number;
  uint32_t thread;
  double time_ms;
};

inline BlockSite AllocationOf(const BlockRecord& block) {
  return {block.alloc_site, block.alloc_thread, block.alloc_time_ms};
}

inline BlockSite FreeOf(const BlockRecord& block) {
  return {block.free_site, block.free_thread, block.free_time_ms};
}

inline const char* KindWord(FaultKind kind) {
  switch (kind) {
    case FaultKind::kOverflow:
      return "heap-buffer-overflow";
    case FaultKind::kUnderflow:
      return "heap-buffer-underflow";
    case FaultKind::kUseAfterFree:
      return "use-after-free";
    case FaultKind::kWild:
      return "wild-access";
    case FaultKind::kGuardPage:
      break;
  }
  return "guard-page";
}

inline const char* AccessWord(FaultAccess access, bool shout) {
  if (access == FaultAccess::kRead) return shout ? "READ" : "read";
  if (access == FaultAccess::kWrite) return shout ? "WRITE" : "write";
  return shout ? "ACCESS" : "unknown";
}

inline const char* PolicyWord(FaultPolicy policy) {
  const char* const words[] = {"die", "throw", "record", "trace"};
  return words[static_cast<int>(policy)];
}

inline const char* SignalWord(int signal) {
  return signal == SIGBUS ? "SIGBUS" : "SIGSEGV";
}

inline const char* CodeWord(CodePlace place) {
  const char* const words[] = {"jit", "node", "addon", "library"};
  return words[static_cast<int>(place)];
}

inline const char* CodeWords(CodePlace place) {
  const char* const words[] = {"JIT code", "Node", "this addon", "a library"};
  return words[static_cast<int>(place)];
}

// `main`, `worker 3`, `native`; `number` is Node's + 1.
inline void PutThread(TextWriter* out, uint32_t number) {
  if (number > 1) {
    out->Text("worker ").Number(number - 1);
  } else {
    out->Text(number == 1 ? "main" : "native");
  }
}

#endif  // NATIVE_FAULT_WORDS_H_
