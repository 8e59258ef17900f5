// The processor's cycle counter, where a program may read it. CYCLE_COUNTER_NAME is defined only there. It
// counts at one rate whatever the core's clock does, so its ticks are time and not work.

#ifndef NATIVE_CYCLE_COUNTER_H_
#define NATIVE_CYCLE_COUNTER_H_

#include <cstdint>

#if defined(__x86_64__)
#define CYCLE_COUNTER_NAME "rdtsc"
inline uint64_t ReadCycleCounter() {
  return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__)
#define CYCLE_COUNTER_NAME "cntvct_el0"
inline uint64_t ReadCycleCounter() {
  uint64_t ticks;
  asm volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
}
#endif

#endif  // NATIVE_CYCLE_COUNTER_H_
