// Our place among the handlers of a signal: put there, taken away, put first again; and what is not ours
// handed on to the one before, as the system would have called it.
//
//   system --> ours --> previous (Node's own, a crash reporter, a sanitizer) --> ... --> default
//
// Guarantees: a handler that asked for one call only gets one; one that hands back to us does not go in
// circles; the default action is death by the true signal. If somebody put a handler over ours, ours stays
// callable for it, and nothing of theirs is removed.

#ifndef NATIVE_SIGNAL_CHAIN_H_
#define NATIVE_SIGNAL_CHAIN_H_

#include <csignal>
#include <string>

using SignalHandler = void (*)(int signal, siginfo_t* info, void* context);

// Who stands where, as lib/posix/native-faults.ts tells it.
struct HandlerPlace {
  enum Kind { kNever = -1, kDefault, kIgnored, kOurs, kOther };
  Kind kind = kNever;
  std::string owner;
};

struct SignalPlaces {
  HandlerPlace current;
  HandlerPlace next;
};

class SignalChain {
 public:
  SignalChain(int signal, SignalHandler handler) : signal_(signal), handler_(handler) {}

  // Puts our handler first, unless it is. 0 or -errno.
  int Install();

  // Takes our handler away if it is first; otherwise leaves everything.
  void Uninstall();

  // Hands a signal on. May not return.
  void HandOn(siginfo_t* info, void* context);

  SignalPlaces Look() const;

 private:
  static constexpr int kMost = 4;

  bool IsOurs(const struct sigaction& action) const {
    return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handler_;
  }
  HandlerPlace Describe(const struct sigaction& action) const;

  const int signal_;
  const SignalHandler handler_;
  // What was found at each installation that is still in force.
  struct sigaction previous_[kMost] = {};
  int count_ = 0;
};

// Ends the process by a signal that nobody handles.
[[noreturn]] void DieBySignal(int signal);

#endif  // NATIVE_SIGNAL_CHAIN_H_
