// Times one case in batches of 20 to 50 microseconds: short enough that most are never preempted, long enough
// that reading the clock hardly counts. Clock and loop cost are measured the same way and subtracted. What a
// sample means is said at each case in timed_cases.cc; minimum, median and intervals are made in TypeScript.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "arguments.h"
#include "exports.h"
#include "timed_cases.h"

namespace {

constexpr double kShortestBatchNs = 20000;
constexpr double kAimedBatchNs = 35000;
constexpr size_t kMostOperations = size_t{1} << 20;
constexpr int kTries = 5;

uint64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC_RAW, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u + static_cast<uint64_t>(now.tv_nsec);
}

long InvoluntarySwitches() {
  rusage usage;
#ifdef RUSAGE_THREAD
  getrusage(RUSAGE_THREAD, &usage);
#else
  getrusage(RUSAGE_SELF, &usage);
#endif
  return usage.ru_nivcsw;
}

// Nanoseconds of one batch; negative, with errno set, when the system refused.
double BatchNs(const TimedCase& timed, const Scratch& scratch, size_t operations) {
  if (timed.before != nullptr && !timed.before(scratch, operations)) return -1;
  const uint64_t start = NowNs();
  const bool done = timed.run(scratch, operations);
  const uint64_t end = NowNs();
  return done ? static_cast<double>(end - start) : -1;
}

double LeastBatchNs(const TimedCase& timed, const Scratch& scratch, size_t operations) {
  double least = BatchNs(timed, scratch, operations);
  for (int i = 1; i < kTries && least >= 0; ++i) least = std::min(least, BatchNs(timed, scratch, operations));
  return least;
}

// Operations per batch, even (some cases work in pairs); 0, with errno set, when the system refused.
size_t Calibrate(const TimedCase& timed, const Scratch& scratch) {
  const size_t most = timed.before != nullptr ? kScratchPages : kMostOperations;
  for (size_t operations = 2;; operations *= 2) {
    const double least = LeastBatchNs(timed, scratch, operations);
    if (least < 0) return 0;
    if (least < kShortestBatchNs && operations * 2 <= most) continue;
    const double scaled = static_cast<double>(operations) * std::min(1.0, kAimedBatchNs / least);
    return std::max(size_t{2}, static_cast<size_t>(scaled) & ~size_t{1});
  }
}

const TimedCase* FindCase(const std::string& name) {
  for (const TimedCase* timed = kTimedCases; timed->name != nullptr; ++timed) {
    if (name == timed->name) return timed;
  }
  return nullptr;
}

Napi::Value Refused(Napi::Env env, const std::string& name, int error) {
  const std::string message = name + " was refused by the system: " + std::strerror(error);
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("errno", Napi::Number::New(env, -error));
  thrown.ThrowAsJavaScriptException();
  return env.Undefined();
}

// Fills `samples` with nanoseconds per operation; false, with errno set, when the system refused.
bool Measure(const TimedCase& timed, const Scratch& scratch, size_t operations, Napi::Float64Array samples) {
  const TimedCase nothing = {"", nullptr, RunNothing};
  const double overhead = LeastBatchNs(nothing, scratch, operations);
  double* const out = samples.Data();
  for (size_t i = 0; i < samples.ElementLength(); ++i) {
    const double batch = BatchNs(timed, scratch, operations);
    if (batch < 0) return false;
    out[i] = std::max(0.0, batch - overhead) / static_cast<double>(operations);
  }
  return true;
}

}  // namespace

Napi::Array TimedCases(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  for (uint32_t i = 0; kTimedCases[i].name != nullptr; ++i) names.Set(i, kTimedCases[i].name);
  return names;
}

Napi::Value TimeSystemCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const std::string name = in.Text("name");
  const size_t batches = in.Size("batches");
  const TimedCase* const timed = FindCase(name);
  if (timed == nullptr) in.Refuse("name", "one of timedCases", info[0], true);
  if (batches < 1 || batches > 1000000) in.Refuse("batches", "an integer from 1 to 1000000", info[1], true);
  if (!in.ok()) return in.Refused();

  const Napi::Env env = in.env();
  Scratch scratch;
  if (!MakeScratch(&scratch)) return Refused(env, name, errno);
  Napi::Float64Array samples = Napi::Float64Array::New(env, batches);
  const long switches = InvoluntarySwitches();
  const size_t operations = Calibrate(*timed, scratch);
  const bool done = operations > 0 && Measure(*timed, scratch, operations, samples);
  const int error = errno;
  const long switched = InvoluntarySwitches() - switches;
  DropScratch(scratch);
  if (!done) return Refused(env, name, error);

  Napi::Object timing = Napi::Object::New(env);
  timing["samplesNs"] = samples;
  timing["batchSize"] = Napi::Number::New(env, static_cast<double>(operations));
  timing["involuntarySwitches"] = Napi::Number::New(env, static_cast<double>(switched));
  return timing;
}
