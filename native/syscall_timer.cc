// Times one case in batches of 20 to 50 microseconds: short enough that most are never preempted, long enough
// that reading the clock hardly counts. Clock and loop cost are measured the same way and subtracted. Where
// one operation takes over a millisecond, no batch is short: then the processor time of the thread is taken,
// in which time spent waiting for a processor does not count.
// What a sample means is said at each case in timed_*.cc; minimum, median and intervals are made in
// TypeScript.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "arguments.h"
#include "exports.h"
#include "timed_cases.h"

namespace {

constexpr double kShortestBatchNs = 20000;
constexpr double kAimedBatchNs = 25000;
constexpr double kLongestBatchNs = 50000;
constexpr double kLongOperationNs = 1000000;
constexpr double kPatienceNs = 1e9;
constexpr size_t kMostOperations = size_t{1} << 20;
constexpr int kTries = 5;
constexpr size_t kFewestSamples = 3;

double ReadNs(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
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

// What a run of one case found.
struct Run {
  clockid_t clock = CLOCK_MONOTONIC_RAW;
  size_t operations = 0;
  std::vector<double> samples_ns;
  // How fast the processor was after each.
  std::vector<double> paces_ns;
};

// Each batch begins elsewhere on the stack, within a page. What is pushed there delays reads of addresses
// that are the same but for the page: a cycle or three in calls of a nanosecond, by where the stack lies in a
// launch.
constexpr size_t kStackStep = 64;
constexpr size_t kStackPlaces = 64;

// Nanoseconds of one batch, the first that counts; negative, with errno set, when the system refused. EBUSY
// when none counts for so long that none will.
double BatchNs(const TimedCase& timed, Scratch& scratch, size_t operations, clockid_t clock) {
  const double give_up = ReadNs(CLOCK_MONOTONIC_RAW) + kPatienceNs;
  Keep(__builtin_alloca(kStackStep * (scratch.batches++ % kStackPlaces) + 1));
  do {
    if (timed.before != nullptr && !timed.before(scratch, operations)) return -1;
    const double start = ReadNs(clock);
    const bool done = timed.run(scratch, operations);
    const double end = ReadNs(clock);
    if (!done) return -1;
    if (timed.counts == nullptr || timed.counts(scratch)) return end - start;
  } while (ReadNs(CLOCK_MONOTONIC_RAW) < give_up);
  return errno = EBUSY, -1;
}

double LeastBatchNs(const TimedCase& timed, Scratch& scratch, size_t operations, clockid_t clock) {
  double least = BatchNs(timed, scratch, operations, clock);
  // What takes long is not helped by trying again.
  for (int i = 1; i < kTries && least >= 0 && least < kLongOperationNs; ++i) {
    least = std::min(least, BatchNs(timed, scratch, operations, clock));
  }
  return least;
}

// Finds how many operations make a batch: an even number, because some cases work in pairs and some take
// turns between a short and a long way; 1 where that would take too long; 0, with errno set, when the system
// refused. By processor time: a batch that was preempted once would look long.
size_t Calibrate(const TimedCase& timed, Scratch& scratch, double* operation_ns) {
  const size_t any = timed.before != nullptr ? kScratchPages : kMostOperations;
  const size_t most = timed.most != 0 ? timed.most : any;
  const clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
  for (size_t operations = 1;; operations *= 2) {
    const double least = LeastBatchNs(timed, scratch, operations, clock);
    if (least < 0) return 0;
    *operation_ns = least / static_cast<double>(operations);
    if (least < kShortestBatchNs && operations * 2 <= most) continue;
    if (operations == 1 && least > kLongestBatchNs) return 1;
    const double scaled = static_cast<double>(operations) * std::min(1.0, kAimedBatchNs / least);
    return std::max(size_t{2}, static_cast<size_t>(scaled) & ~size_t{1});
  }
}

// Takes samples until there are enough of them or the time is over; false, with errno set, when refused.
bool Measure(const TimedCase& timed, Scratch& scratch, size_t batches, double budget_ns, Run* run) {
  const double end = ReadNs(CLOCK_MONOTONIC_RAW) + budget_ns;
  double operation_ns = 0;
  run->operations = Calibrate(timed, scratch, &operation_ns);
  if (run->operations == 0) return false;
  if (operation_ns > kLongOperationNs) run->clock = CLOCK_THREAD_CPUTIME_ID;
  const TimedCase nothing = {"", RunNothing};
  // The least of as many as there are samples: one that is too long would make every sample too short.
  double overhead = LeastBatchNs(nothing, scratch, run->operations, run->clock);
  while (run->samples_ns.size() < batches) {
    const double batch = BatchNs(timed, scratch, run->operations, run->clock);
    if (batch < 0) return false;
    run->samples_ns.push_back(batch);
    run->paces_ns.push_back(PaceNs());
    overhead = std::min(overhead, BatchNs(nothing, scratch, run->operations, run->clock));
    if (run->samples_ns.size() >= kFewestSamples && ReadNs(CLOCK_MONOTONIC_RAW) > end) break;
  }
  for (double& sample : run->samples_ns) {
    sample = std::max(0.0, sample - overhead) / static_cast<double>(run->operations);
  }
  return true;
}

// From before `make` to after `drop`. Huge pages are off meanwhile, whatever the system's setting: with them
// one fault would answer for hundreds of pages. The case that is about them lets them in again.
bool MeasureCase(const TimedCase& timed, size_t batches, double budget_ns, Run* run) {
  Scratch scratch;
  scratch.bytes = timed.bytes;
  if (!MakeScratch(&scratch)) return false;
#ifdef PR_SET_THP_DISABLE
  const int disabled = prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0);
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
#endif
  const bool done = (timed.make == nullptr || timed.make(scratch)) &&
                    (timed.before == nullptr || timed.before(scratch, 1)) &&
                    Measure(timed, scratch, batches, budget_ns, run);
  const int error = errno;
  if (timed.drop != nullptr) timed.drop(scratch);
  DropScratch(scratch);
#ifdef PR_SET_THP_DISABLE
  prctl(PR_SET_THP_DISABLE, disabled, 0, 0, 0);
#endif
  errno = error;
  return done;
}

const TimedCase* FindCase(const std::string& name) {
  for (const TimedCase* const* family = kTimedFamilies; *family != nullptr; ++family) {
    for (const TimedCase* timed = *family; timed->name != nullptr; ++timed) {
      if (name == timed->name) return timed;
    }
  }
  return nullptr;
}

Napi::Float64Array ToArray(Napi::Env env, const std::vector<double>& numbers) {
  Napi::Float64Array array = Napi::Float64Array::New(env, numbers.size());
  std::copy(numbers.begin(), numbers.end(), array.Data());
  return array;
}

Napi::Value Refused(Napi::Env env, const std::string& name, int error) {
  const std::string message = name + " was refused by the system: " + std::strerror(error);
  Napi::Error thrown = Napi::Error::New(env, message);
  thrown.Set("errno", Napi::Number::New(env, -error));
  thrown.ThrowAsJavaScriptException();
  return env.Undefined();
}

}  // namespace

Napi::Array TimedCases(Napi::Env env) {
  Napi::Array names = Napi::Array::New(env);
  uint32_t count = 0;
  for (const TimedCase* const* family = kTimedFamilies; *family != nullptr; ++family) {
    for (const TimedCase* timed = *family; timed->name != nullptr; ++timed) names.Set(count++, timed->name);
  }
  return names;
}

Napi::Value TimeSystemCall(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const std::string name = in.Text("name");
  const size_t batches = in.Size("batches");
  const size_t budget_ms = in.Size("budgetMs");
  const TimedCase* const timed = FindCase(name);
  if (timed == nullptr) in.Refuse("name", "one of timedCases", info[0], true);
  if (batches < 1 || batches > 1000000) in.Refuse("batches", "an integer from 1 to 1000000", info[1], true);
  if (!in.ok()) return in.Refused();

  const Napi::Env env = in.env();
  Run run;
  const long switches = InvoluntarySwitches();
  const double wall = ReadNs(CLOCK_MONOTONIC_RAW);
  const double processor = ReadNs(CLOCK_THREAD_CPUTIME_ID);
  if (!MeasureCase(*timed, batches, static_cast<double>(budget_ms) * 1e6, &run))
    return Refused(env, name, errno);

  Napi::Object timing = Napi::Object::New(env);
  timing["wallNs"] = Napi::Number::New(env, ReadNs(CLOCK_MONOTONIC_RAW) - wall);
  timing["processorNs"] = Napi::Number::New(env, ReadNs(CLOCK_THREAD_CPUTIME_ID) - processor);
  timing["involuntarySwitches"] =
      Napi::Number::New(env, static_cast<double>(InvoluntarySwitches() - switches));
  timing["batchSize"] = Napi::Number::New(env, static_cast<double>(run.operations));
  timing["byProcessorTime"] = Napi::Boolean::New(env, run.clock == CLOCK_THREAD_CPUTIME_ID);
  timing["samplesNs"] = ToArray(env, run.samples_ns);
  timing["pacesNs"] = ToArray(env, run.paces_ns);
  return timing;
}
