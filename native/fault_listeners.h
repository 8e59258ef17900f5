// The environments that want to hear of hits: one thread-safe function each.

#ifndef NATIVE_FAULT_LISTENERS_H_
#define NATIVE_FAULT_LISTENERS_H_

#include <napi.h>

// Calls `callback` in its environment after each wake-up; an environment has at most one, undefined takes it
// off. Does not keep the process running.
void ListenForFaults(Napi::Env env, Napi::Value callback);

// On any thread but in a signal handler: it takes locks.
void WakeFaultListeners();

#endif  // NATIVE_FAULT_LISTENERS_H_
