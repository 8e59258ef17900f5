// Timed cases: the same calls while a second thread of the process runs on another processor. What the calls
// change, that processor may have in its translation cache too, and has to be interrupted for it. Only
// batches count in which it ran from beginning to end: while it waits for its processor nobody is
// interrupted, and the calls cost as much as without it.

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

#include "timed_cases.h"

namespace {

// How long a batch waits for it to run, and how long for its answer when it does.
constexpr int64_t kPatienceNs = 20000000;
constexpr int64_t kAnswerNs = 100000;

struct Companion {
  // Null when there is none.
  std::atomic<const Scratch*> of{nullptr};
  pthread_t thread;
  std::atomic<bool> ends{false};
  // 0, or why it cannot run beside this thread; -1 before it knows.
  std::atomic<int> error{-1};
  // Numbers of the last question and of the last answer: how often it has been taken off its processor.
  std::atomic<uint64_t> asked{0};
  std::atomic<uint64_t> answered{0};
  std::atomic<long> switches{0};
  // The answer before the batch.
  long noted = 0;
};

Companion companion;

int64_t NowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000000000 + now.tv_nsec;
}

// Away from the processor of the thread that measures, which keeps to its own. 0 or errno.
int KeepAway([[maybe_unused]] int processor) {
#ifdef __linux__
  cpu_set_t others;
  for (int i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &others);
  CPU_CLR(processor, &others);
  // The kernel takes those that this process may use; none of them is EINVAL.
  if (pthread_setaffinity_np(pthread_self(), sizeof(others), &others) != 0) return ENOTSUP;
#endif
  return 0;
}

int CurrentProcessor() {
#ifdef __linux__
  return sched_getcpu();
#else
  return 0;
#endif
}

long OwnSwitches() {
#ifdef RUSAGE_THREAD
  rusage usage;
  getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nivcsw + usage.ru_nvcsw;
#else
  // Not told: that it answers at once must do.
  return 0;
#endif
}

void* RunAlong(void* processor) {
  companion.error = KeepAway(static_cast<int>(reinterpret_cast<intptr_t>(processor)));
  while (!companion.ends.load(std::memory_order_relaxed)) {
    const uint64_t asked = companion.asked;
    if (asked == companion.answered) continue;
    companion.switches = OwnSwitches();
    companion.answered = asked;
  }
  return nullptr;
}

#ifdef __linux__
// What the measuring thread was kept to before, for the end of the case.
cpu_set_t former;

bool KeepHere(int processor) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(processor, &here);
  return sched_getaffinity(0, sizeof(former), &former) == 0 && sched_setaffinity(0, sizeof(here), &here) == 0;
}

void LetGo() {
  sched_setaffinity(0, sizeof(former), &former);
}
#else
bool KeepHere(int) {
  return true;
}

void LetGo() {}
#endif

// False with EBUSY when another JavaScript thread times such a case right now, ENOTSUP on a single processor.
bool StartCompanion(Scratch& scratch) {
  const Scratch* nobody = nullptr;
  if (!companion.of.compare_exchange_strong(nobody, &scratch)) return errno = EBUSY, false;
  companion.ends = false;
  companion.error = -1;
  const int processor = CurrentProcessor();
  int error = KeepHere(processor) ? 0 : errno;
  void* const argument = reinterpret_cast<void*>(static_cast<intptr_t>(processor));
  if (error == 0) error = pthread_create(&companion.thread, nullptr, RunAlong, argument);
  if (error != 0) return LetGo(), companion.of = nullptr, errno = error, false;
  while (companion.error < 0) sched_yield();
  if (companion.error > 0) return errno = companion.error, false;
  TouchPages(scratch.base, 3 * scratch.page, scratch.page);
  return mprotect(scratch.base, scratch.page, PROT_NONE) == 0 &&
         mprotect(scratch.base + 2 * scratch.page, scratch.page, PROT_NONE) == 0;
}

bool StartCompanionAndSettle(Scratch& scratch) {
  return StartCompanion(scratch) && Settle(scratch, 64 * kKiB);
}

void EndCompanion(Scratch& scratch) {
  DropPlace(scratch);
  if (companion.of != &scratch) return;
  companion.ends = true;
  pthread_join(companion.thread, nullptr);
  LetGo();
  companion.of = nullptr;
}

// False when it does not run, and goes on not running for so long.
bool Ask(int64_t patience_ns) {
  const uint64_t question = ++companion.asked;
  const int64_t give_up = NowNs() + patience_ns;
  while (companion.answered != question) {
    if (NowNs() > give_up) return false;
  }
  return true;
}

// A batch that begins without it does not count; the next one may.
bool AwaitCompanion(Scratch&, size_t) {
  companion.noted = Ask(kPatienceNs) ? companion.switches.load() : -1;
  return true;
}

// It ran before, it runs now, and nobody took its place in between.
bool RanAllAlong(Scratch&) {
  return Ask(kAnswerNs) && companion.switches == companion.noted;
}

// One operation: one change of the fenced page, as mprotect-flip.
bool Flip(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    const int protection = ++scratch.turn % 2 == 1 ? PROT_READ : kReadWrite;
    return mprotect(scratch.base + scratch.page, scratch.page, protection) == 0;
  });
}

bool MapTouchUnmap(Scratch& scratch, size_t operations) {
  return Repeat(operations, [&](size_t) {
    void* const base = mmap(nullptr, 64 * kKiB, kReadWrite, kAnonymous, -1, 0);
    if (base == MAP_FAILED) return false;
    TouchPages(static_cast<char*>(base), 64 * kKiB, scratch.page);
    return munmap(base, 64 * kKiB) == 0;
  });
}

}  // namespace

const TimedCase kSecondCases[] = {
    {"mprotect-flip-second-thread", Flip, 0, AwaitCompanion, StartCompanion, EndCompanion, 0, RanAllAlong},
    {"mmap-touch-munmap-64k-second-thread", MapTouchUnmap, 0, AwaitCompanion, StartCompanionAndSettle,
     EndCompanion, 0, RanAllAlong},
    {nullptr, nullptr},
};
