// The helper thread: see fault_events.h.

#include "fault_events.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "fault_listeners.h"
#include "fault_report.h"
#include "fault_ring.h"
#include "signal_chain.h"

namespace {

// What goes through the pipe: a sequence number of a fatal hit, or one of these.
constexpr uint32_t kQuit = 0;
constexpr uint32_t kHits = UINT32_MAX;

// A safepoint comes within microseconds unless native code runs on.
constexpr int kPatienceMs = 1000;
constexpr int kPauseMs = 1;

int pipe_ends[2] = {-1, -1};
pthread_t helper;
bool runs = false;
// A wake-up is in the pipe already.
std::atomic<bool> told{false};

void Send(uint32_t word) {
  const int saved_errno = errno;
  const ssize_t sent = write(pipe_ends[1], &word, sizeof(word));
  (void)sent;  // Full: it is read soon enough.
  errno = saved_errno;
}

void EndProcess(uint32_t sequence) {
  poll(nullptr, 0, kPatienceMs);
  const Fault* const fault = FindFault(sequence);
  if (fault != nullptr) ReportFault(*fault);
  DieBySignal(fault == nullptr ? SIGSEGV : fault->signal);
}

void* Help(void*) {
  uint32_t word = 0;
  for (;;) {
    const ssize_t got = read(pipe_ends[0], &word, sizeof(word));
    if (got < 0 && errno == EINTR) continue;
    if (got != sizeof(word) || word == kQuit) return nullptr;
    if (word != kHits) EndProcess(word);
    told = false;
    WakeFaultListeners();
    // Hits come in rows. The next one finds nobody to wake, which would cost it several microseconds.
    poll(nullptr, 0, kPauseMs);
  }
}

int OpenPipe() {
  if (pipe(pipe_ends) != 0) return -errno;
  for (const int end : pipe_ends) fcntl(end, F_SETFD, FD_CLOEXEC);
  fcntl(pipe_ends[1], F_SETFL, O_NONBLOCK);
  return 0;
}

void ClosePipe() {
  for (int& end : pipe_ends) {
    close(end);
    end = -1;
  }
}

}  // namespace

int StartFaultHelper() {
  if (runs) return 0;
  const int opened = OpenPipe();
  if (opened != 0) return opened;
  told = false;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const int result = pthread_create(&helper, nullptr, Help, nullptr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (result != 0) return ClosePipe(), -result;
  runs = true;
  return 0;
}

void StopFaultHelper() {
  if (!runs) return;
  Send(kQuit);
  pthread_join(helper, nullptr);
  ClosePipe();
  runs = false;
}

void PostFault() {
  if (!told.exchange(true)) Send(kHits);
}

void PostFatal(uint32_t sequence) {
  Send(sequence);
}
