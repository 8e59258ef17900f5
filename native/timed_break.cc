// Timed cases: the program break, by libc and by the raw call. They shrink only what they grew and only while
// nobody else has moved the break (EBUSY), and keep to the thread that malloc's main arena belongs to
// (EPERM).

#include <unistd.h>

#include <cerrno>
#include <cstdint>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "timed_cases.h"

#ifdef __linux__
namespace {

bool IsMainThread() {
  return gettid() == getpid() || (errno = EPERM, false);
}

// One operation: sbrk(0), which asks no system.
bool AskLibc(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return Keep(sbrk(0)), true; });
}

// One operation: brk(0), which does.
bool AskKernel(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return Keep(syscall(SYS_brk, 0)), true; });
}

// Two operations: one page more, and back.
bool GrowShrink(Scratch& scratch, size_t operations) {
  const intptr_t page = static_cast<intptr_t>(scratch.page);
  if (!IsMainThread()) return false;
  for (size_t i = 0; i < operations; i += 2) {
    char* const before = static_cast<char*>(sbrk(0));
    void* const grown = sbrk(page);
    if (grown == reinterpret_cast<void*>(-1)) return false;
    if (grown != before || sbrk(0) != before + page) return errno = EBUSY, false;
    if (sbrk(-page) == reinterpret_cast<void*>(-1)) return false;
  }
  return true;
}

// One operation: one page more, a store into it, and back.
bool GrowTouchShrink(Scratch& scratch, size_t operations) {
  const intptr_t page = static_cast<intptr_t>(scratch.page);
  if (!IsMainThread()) return false;
  return Repeat(operations, [&](size_t) {
    char* const before = static_cast<char*>(sbrk(0));
    void* const grown = sbrk(page);
    if (grown == reinterpret_cast<void*>(-1)) return false;
    if (grown != before || sbrk(0) != before + page) return errno = EBUSY, false;
    // The last byte of what came: the first may lie in a page that was there before.
    static_cast<volatile char*>(grown)[page - 1] = 1;
    return sbrk(-page) != reinterpret_cast<void*>(-1);
  });
}

// The same as GrowShrink without libc, which never hears of it: the break is back before anybody asks.
bool GrowShrinkRaw(Scratch& scratch, size_t operations) {
  if (!IsMainThread()) return false;
  for (size_t i = 0; i < operations; i += 2) {
    const long before = reinterpret_cast<intptr_t>(sbrk(0));
    const long more = before + static_cast<long>(scratch.page);
    if (syscall(SYS_brk, 0) != before) return errno = EBUSY, false;
    if (syscall(SYS_brk, more) != more) return errno = ENOMEM, false;
    if (syscall(SYS_brk, before) != before) return errno = EBUSY, false;
  }
  return true;
}

}  // namespace
#endif

const TimedCase kBreakCases[] = {
#ifdef __linux__
    {"sbrk-ask", AskLibc},
    {"brk-ask", AskKernel},
    {"brk-page", GrowShrink},
    {"brk-page-touch", GrowTouchShrink},
    {"brk-page-raw", GrowShrinkRaw},
#endif
    {nullptr, nullptr},
};
