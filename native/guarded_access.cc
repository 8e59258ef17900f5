// Accessors: see guarded_access.h. The handler jumps back into this frame, over nothing but our own loops;
// the signal mask needs no restoring, because the handler blocks nothing (SA_NODEFER), which saves a system
// call.

#include "guarded_access.h"

#include <setjmp.h>

#include "handler_hold.h"
#include "this_thread.h"

// A sanitizer would look at its own notes about the address first, and fault there.
#define UNCHECKED __attribute__((no_sanitize("address", "thread", "undefined"), noinline))

namespace {

// ThreadSanitizer runs our handler with every signal blocked, whatever it was installed with.
#ifdef __SANITIZE_THREAD__
constexpr int kSavesMask = 1;
#else
constexpr int kSavesMask = 0;
#endif

volatile uint8_t* At(uintptr_t address) {
  return reinterpret_cast<volatile uint8_t*>(address);
}

struct Access {
  uintptr_t to;
  uintptr_t from;
  size_t length;
  uint8_t* out;
  const uint8_t* bytes;
  uint8_t byte;
};

using Loop = void (*)(Access* access);

UNCHECKED void Read(Access* access) {
  for (size_t i = 0; i < access->length; i++) access->out[i] = *At(access->from + i);
}

UNCHECKED void Write(Access* access) {
  for (size_t i = 0; i < access->length; i++) *At(access->to + i) = access->bytes[i];
}

UNCHECKED void Copy(Access* access) {
  for (size_t i = 0; i < access->length; i++) *At(access->to + i) = *At(access->from + i);
}

UNCHECKED void Set(Access* access) {
  for (size_t i = 0; i < access->length; i++) *At(access->to + i) = access->byte;
}

UNCHECKED void CopyText(Access* access) {
  size_t i = 0;
  uint8_t byte;
  do {
    byte = *At(access->from + i);
    *At(access->to + i) = byte;
    i++;
  } while (byte != 0);
}

UNCHECKED void Measure(Access* access) {
  size_t i = 0;
  while (*At(access->from + i) != 0) i++;
  access->length = i;
}

__attribute__((noinline)) uint32_t Run(Loop loop, Access* access) {
  sigjmp_buf jump;
  ThisThread* const thread = &this_thread;
  thread->jump_address = access->to != 0 ? access->to : access->from;
  thread->jump_sequence = 0;
  if (sigsetjmp(jump, kSavesMask) == 0) {
    thread->jump = &jump;
    loop(access);
  }
  ThisThread* const after = &this_thread;
  after->jump = nullptr;
  return after->jump_sequence;
}

uint32_t Guard(Loop loop, Access access, size_t* length = nullptr) {
  // Without the handler a fault ends the process, as it would anyway.
  const bool held = AcquireHandler() == 0;
  const uint32_t fault = Run(loop, &access);
  if (held) ReleaseHandler();
  if (length != nullptr) *length = access.length;
  return fault;
}

}  // namespace

uint32_t ReadBytes(uintptr_t from, size_t length, uint8_t* out) {
  return Guard(Read, {0, from, length, out, nullptr, 0});
}

uint32_t WriteBytes(uintptr_t to, size_t length, const uint8_t* bytes) {
  return Guard(Write, {to, 0, length, nullptr, bytes, 0});
}

uint32_t CopyBytes(uintptr_t to, uintptr_t from, size_t length) {
  return Guard(Copy, {to, from, length, nullptr, nullptr, 0});
}

uint32_t SetBytes(uintptr_t to, uint8_t byte, size_t length) {
  return Guard(Set, {to, 0, length, nullptr, nullptr, byte});
}

uint32_t CopyString(uintptr_t to, uintptr_t from) {
  return Guard(CopyText, {to, from, 0, nullptr, nullptr, 0});
}

uint32_t StringLength(uintptr_t from, size_t* length) {
  return Guard(Measure, {0, from, 0, nullptr, nullptr, 0}, length);
}
