// Timed cases that every other one is held against: a call that does nothing, the clocks, a look at the map.

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

#include "cycle_counter.h"
#include "timed_cases.h"

namespace {

// One operation: a system call that only returns a number.
bool NullCall(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return Keep(getppid()), true; });
}

// One operation: the clock, which needs no system call on most platforms.
bool Clock(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) {
    timespec now;
    const bool told = clock_gettime(CLOCK_MONOTONIC, &now) == 0;
    return Keep(now.tv_nsec), told;
  });
}

#ifdef CYCLE_COUNTER_NAME
bool Counter(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return Keep(ReadCycleCounter()), true; });
}
#endif

#ifdef __linux__
// One operation: open, read to the end, close.
bool ReadMaps(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    const int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    ssize_t got;
    do {
      got = read(fd, scratch.base, scratch.length);
    } while (got > 0);
    const int error = errno;
    close(fd);
    errno = error;
    return got == 0;
  });
}

// The buffer of ReadMaps, touched: its faults are not the cost of reading.
bool TouchScratch(Scratch& scratch) {
  TouchPages(scratch.base, scratch.length, scratch.page);
  return true;
}
#endif

}  // namespace

const TimedCase kBasicCases[] = {
    {"null-call", NullCall},
    {"clock", Clock},
#ifdef CYCLE_COUNTER_NAME
    {"cycle-counter", Counter},
#endif
#ifdef __linux__
    {"maps-read", ReadMaps, 0, nullptr, TouchScratch},
#endif
    {nullptr, nullptr},
};
