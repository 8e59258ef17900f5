// Which cycle counter there is, and how fast it goes.

#include "cycle_counter.h"

#include <time.h>

#include "exports.h"

// Name and ticks per second, held against the clock for ten milliseconds; null where there is none.
Napi::Value CycleCounter(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
#ifdef CYCLE_COUNTER_NAME
  const auto now_ns = [] {
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  };
  const double start = now_ns();
  const uint64_t first = ReadCycleCounter();
  double now;
  do {
    now = now_ns();
  } while (now - start < 1e7);
  const double ticks = static_cast<double>(ReadCycleCounter() - first);
  Napi::Object counter = Napi::Object::New(env);
  counter["name"] = CYCLE_COUNTER_NAME;
  counter["hertz"] = Napi::Number::New(env, ticks / (now - start) * 1e9);
  return counter;
#else
  return env.Null();
#endif
}
