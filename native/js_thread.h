// A thread that runs JavaScript and has loaded the addon: what a fault on it may use. One per environment;
// kept for good and used again, because the engine may still hold a pointer to one that ended.

#ifndef NATIVE_JS_THREAD_H_
#define NATIVE_JS_THREAD_H_

#include <napi.h>

#include <atomic>
#include <cstdint>

#include "engine.h"

// One call of guard.run() that has not ended; they nest.
struct GuardRun {
  GuardRun* outer;
  uint32_t fault;  // sequence number of the hit that ends it, 0 none
};

struct JsThread {
  std::atomic<bool> in_use{false};
  napi_env env = nullptr;
  v8::Isolate* isolate = nullptr;
  uint32_t number = 0;  // Node's + 1
  GuardRun* run = nullptr;
  // Asked of the engine, not yet called.
  std::atomic<bool> interrupt_pending{false};
  // Sequence number of the first hit since the last interrupt, and of one that ends the process; 0 none.
  uint32_t first_fault = 0;
  uint32_t fatal_fault = 0;
};

// Makes this thread's; called when the addon is loaded, ends with the environment.
void EnterJsThread(Napi::Env env);

// The thread's number as the system has it.
uint64_t SystemThreadId();

// Asks for a call of OnSafepoint() (fault_policy.h) on this thread. False where the engine cannot.
// Signal-safe as far as a fault by an access to guarded memory goes: it takes a lock of the engine, which
// never touches such.
bool RequestSafepoint(JsThread* thread);

// Lines "at f (file:line:column)" of the JavaScript that runs. Only at a safepoint.
void CaptureJsStack(JsThread* thread, char* out, size_t size);

#endif  // NATIVE_JS_THREAD_H_
