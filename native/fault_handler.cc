// The handlers: see fault_handler.h. Little stack is used: another library's signal stack may have 8 KiB.

#include "fault_handler.h"

#include <cerrno>

#include "fault_policy.h"
#include "handler_hold.h"
#include "this_thread.h"

namespace {

// macOS does not tell: there a sent signal has the address of the last fault, or 0, and is judged by that.
bool WasSent([[maybe_unused]] const siginfo_t* info) {
#ifdef __linux__
  return info->si_code <= 0;
#else
  return false;
#endif
}

void LeaveAccessor(ThisThread* thread, int signal, const siginfo_t* info, void* context) {
  sigjmp_buf* const jump = thread->jump;
  thread->jump = nullptr;
  thread->jump_sequence = RecordAccessorFault(signal, info, context);
  siglongjmp(*jump, 1);
}

}  // namespace

void OnFault(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  ThisThread* const thread = &this_thread;
  if (!WasSent(info)) {
    if (thread->jump != nullptr) LeaveAccessor(thread, signal, info, context);
    if (TakeHit(signal, info, context)) {
      errno = saved_errno;
      return;
    }
  }
  errno = saved_errno;
  ChainOf(signal)->HandOn(info, context);
}

void OnTrap(int signal, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  const bool taken = !WasSent(info) && EndStep(context);
  errno = saved_errno;
  if (!taken) ChainOf(signal)->HandOn(info, context);
}
