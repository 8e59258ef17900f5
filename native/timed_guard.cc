// Timed cases: the least that running into a page without access can cost, with a handler that does nothing
// else than leave. What the handler of this package makes of a hit is timed from JavaScript.

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "timed_cases.h"

namespace {

// The one case that runs now, in whatever thread. The handler acts on its page only.
std::atomic<const char*> closed_page{nullptr};
size_t closed_bytes;
sigjmp_buf way_out;
struct sigaction former_segv;
struct sigaction former_bus;

void Leave(int signal, siginfo_t* info, void*) {
  const char* const page = closed_page.load();
  const char* const address = static_cast<const char*>(info->si_addr);
  if (page != nullptr && address >= page && address < page + closed_bytes) siglongjmp(way_out, 1);
  // Somebody else's fault: the access comes again, and their handler gets it.
  sigaction(signal, signal == SIGBUS ? &former_bus : &former_segv, nullptr);
}

// False with EBUSY when another thread times this right now.
bool TakeSignals(Scratch& scratch) {
  closed_bytes = scratch.page;
  if (!MakeOwn(scratch, scratch.page, PROT_NONE)) return false;
  const char* nobody = nullptr;
  if (!closed_page.compare_exchange_strong(nobody, scratch.own)) return errno = EBUSY, false;
  struct sigaction leave = {};
  leave.sa_sigaction = Leave;
  leave.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&leave.sa_mask);
  // macOS says SIGBUS where Linux says SIGSEGV.
  return sigaction(SIGSEGV, &leave, &former_segv) == 0 && sigaction(SIGBUS, &leave, &former_bus) == 0;
}

void GiveSignalsBack(Scratch& scratch) {
  if (scratch.own != nullptr && closed_page.load() == scratch.own) {
    sigaction(SIGSEGV, &former_segv, nullptr);
    sigaction(SIGBUS, &former_bus, nullptr);
    closed_page = nullptr;
  }
  DropOwn(scratch);
}

// One operation: a store, the signal, the handler, and out of it by a jump that restores the signal mask.
bool HitAndJump(Scratch& scratch, size_t operations) {
  volatile char* const page = scratch.own;
  for (volatile size_t i = 0; i < operations; i = i + 1) {
    if (sigsetjmp(way_out, 1) == 0) {
      *page = 1;
      return errno = EFAULT, false;
    }
  }
  return true;
}

void Ignore(int) {}

struct sigaction former_usr2;

bool TakeUsr2(Scratch&) {
  struct sigaction ignore = {};
  ignore.sa_handler = Ignore;
  sigemptyset(&ignore.sa_mask);
  return sigaction(SIGUSR2, &ignore, &former_usr2) == 0;
}

void GiveUsr2Back(Scratch&) {
  sigaction(SIGUSR2, &former_usr2, nullptr);
}

// One operation: a signal of this thread to itself, and its handler.
bool Raise(Scratch&, size_t operations) {
  return Repeat(operations, [](size_t) { return pthread_kill(pthread_self(), SIGUSR2) == 0; });
}

}  // namespace

const TimedCase kGuardCases[] = {
    {"signal-raise", Raise, 0, nullptr, TakeUsr2, GiveUsr2Back},
    {"guard-hit-jump", HitAndJump, 0, nullptr, TakeSignals, GiveSignalsBack},
    {nullptr, nullptr},
};
