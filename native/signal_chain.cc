// Handlers before and behind ours: see signal_chain.h.

#include "signal_chain.h"

#include <dlfcn.h>
#include <pthread.h>
#include <unistd.h>

#include <cerrno>

#include "this_thread.h"

namespace {

struct sigaction DefaultAction() {
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigemptyset(&action.sa_mask);
  return action;
}

// Sent by someone, not caused by an instruction. macOS does not tell.
bool WasSent(const siginfo_t* info) {
#ifdef __linux__
  return info->si_code <= 0;
#else
  (void)info;
  return true;
#endif
}

// An instruction that faulted runs again when we return, and dies with the true registers.
void TakeDefault(int signal, const siginfo_t* info) {
  const struct sigaction action = DefaultAction();
  sigaction(signal, &action, nullptr);
  if (WasSent(info)) raise(signal);
}

// As the system calls a handler: with its mask, and without itself unless it wanted that.
void Call(const struct sigaction& action, int signal, siginfo_t* info, void* context) {
  sigset_t mask = action.sa_mask;
  if ((action.sa_flags & SA_NODEFER) == 0) sigaddset(&mask, signal);
  sigset_t before;
  pthread_sigmask(SIG_BLOCK, &mask, &before);
  if ((action.sa_flags & SA_SIGINFO) != 0) {
    action.sa_sigaction(signal, info, context);
  } else {
    action.sa_handler(signal);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

int SignalChain::Install() {
  struct sigaction current;
  if (sigaction(signal_, nullptr, &current) != 0) return -errno;
  if (IsOurs(current)) return 0;
  if (count_ == kMost) return -EBUSY;
  struct sigaction action = {};
  action.sa_sigaction = handler_;
  // Without NODEFER a jump out of the handler would leave the signal blocked.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigemptyset(&action.sa_mask);
  previous_[count_] = current;
  count_++;
  if (sigaction(signal_, &action, nullptr) == 0) return 0;
  count_--;
  return -errno;
}

void SignalChain::Uninstall() {
  struct sigaction current;
  if (count_ == 0 || sigaction(signal_, nullptr, &current) != 0 || !IsOurs(current)) return;
  count_--;
  sigaction(signal_, &previous_[count_], nullptr);
}

// A handler that we call may hand back to us: then the one before it is meant. It does so with the context
// that we gave it, from further down the stack; anything else is a new signal, even if the handler jumped
// away.
void SignalChain::HandOn(siginfo_t* info, void* context) {
  ThisThread* const thread = &this_thread;
  const auto here = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  if (context != thread->chain_context || here >= thread->chain_frame) thread->chain_depth = 0;
  const int index = count_ - 1 - thread->chain_depth;
  if (index < 0) return TakeDefault(signal_, info);

  const struct sigaction action = previous_[index];
  const bool is_default = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_DFL;
  const bool is_ignored = (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
  // The system ignores no fault of an instruction.
  if (is_ignored && WasSent(info)) return;
  if (is_default || is_ignored) return TakeDefault(signal_, info);
  if ((action.sa_flags & SA_RESETHAND) != 0) previous_[index] = DefaultAction();

  thread->chain_depth++;
  thread->chain_context = context;
  thread->chain_frame = here;
  Call(action, signal_, info, context);
  thread->chain_depth = 0;
  thread->chain_context = nullptr;
}

HandlerPlace SignalChain::Describe(const struct sigaction& action) const {
  if (IsOurs(action)) return {HandlerPlace::kOurs, ""};
  const bool with_info = (action.sa_flags & SA_SIGINFO) != 0;
  if (!with_info && action.sa_handler == SIG_DFL) return {HandlerPlace::kDefault, ""};
  if (!with_info && action.sa_handler == SIG_IGN) return {HandlerPlace::kIgnored, ""};
  const void* const function = with_info ? reinterpret_cast<const void*>(action.sa_sigaction)
                                         : reinterpret_cast<const void*>(action.sa_handler);
  Dl_info found;
  if (dladdr(function, &found) == 0 || found.dli_fname == nullptr) return {HandlerPlace::kOther, ""};
  std::string owner = found.dli_fname;
  if (found.dli_sname != nullptr) owner = owner + ": " + found.dli_sname;
  return {HandlerPlace::kOther, owner};
}

SignalPlaces SignalChain::Look() const {
  SignalPlaces places;
  struct sigaction current;
  if (sigaction(signal_, nullptr, &current) == 0) places.current = Describe(current);
  if (count_ > 0) places.next = Describe(previous_[count_ - 1]);
  return places;
}

void DieBySignal(int signal) {
  const struct sigaction action = DefaultAction();
  sigaction(signal, &action, nullptr);
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, signal);
  pthread_sigmask(SIG_UNBLOCK, &mask, nullptr);
  raise(signal);
  _exit(128 + signal);
}
