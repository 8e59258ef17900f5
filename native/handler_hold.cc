// Installing and taking away: see handler_hold.h.

#include "handler_hold.h"

#include <atomic>
#include <cerrno>
#include <mutex>

#include "fault_context.h"
#include "fault_events.h"
#include "fault_handler.h"
#include "stay_loaded.h"

namespace {

SignalChain segv(SIGSEGV, OnFault);
SignalChain bus(SIGBUS, OnFault);
SignalChain trap(SIGTRAP, OnTrap);

std::mutex changing;
std::atomic<int> holds{0};
bool stepping = false;

int Install() {
  // Somebody may save our address to hand on to, and never forget it.
  if (!StayLoaded()) return -ENOTSUP;
  int result = segv.Install();
  if (result == 0) result = bus.Install();
  if (result == 0 && stepping) result = trap.Install();
  return result;
}

void Uninstall() {
  segv.Uninstall();
  bus.Uninstall();
  trap.Uninstall();
  stepping = false;
}

}  // namespace

int AcquireHandler() {
  for (int count = holds; count > 0;) {
    if (holds.compare_exchange_weak(count, count + 1)) return 0;
  }
  const std::lock_guard<std::mutex> hold(changing);
  if (holds > 0) return holds++, 0;
  const int result = Install();
  if (result != 0) return Uninstall(), result;
  holds = 1;
  return 0;
}

int PrepareForRange(bool wants_steps) {
  if (wants_steps && !kCanStep) return -ENOTSUP;
  const std::lock_guard<std::mutex> hold(changing);
  const int result = StartFaultHelper();
  if (result != 0 || !wants_steps) return result;
  stepping = true;
  return trap.Install();
}

void ReleaseHandler(int count) {
  for (int before = holds; before > count;) {
    if (holds.compare_exchange_weak(before, before - count)) return;
  }
  if (count == 0) return;
  const std::lock_guard<std::mutex> hold(changing);
  holds -= count;
  if (holds > 0) return;
  Uninstall();
  StopFaultHelper();
}

int ReinstallHandler() {
  const std::lock_guard<std::mutex> hold(changing);
  return holds > 0 ? Install() : -ENOENT;
}

SignalChain* ChainOf(int signal) {
  if (signal == SIGBUS) return &bus;
  return signal == SIGTRAP ? &trap : &segv;
}

int HandlerHolds() {
  return holds;
}
