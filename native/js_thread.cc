// JavaScript threads: see js_thread.h.

#include "js_thread.h"

#include <unistd.h>
#ifdef __linux__
#include <sys/syscall.h>
#else
#include <pthread.h>
#endif

#include <mutex>
#include <vector>

#include "fault_policy.h"
#include "guard_table.h"
#include "handler_hold.h"
#include "text_writer.h"
#include "this_thread.h"

thread_local ThisThread this_thread CHUNKYARD_TLS_MODEL;

namespace {

constexpr int kMostFrames = 16;
// Overview and script name, as V8's StackTraceOptions counts them.
constexpr int kStackDetails = 0x7f;

std::mutex threads_lock;

JsThread* TakeThread() {
  static auto* const threads = new std::vector<JsThread*>();
  const std::lock_guard<std::mutex> hold(threads_lock);
  for (JsThread* thread : *threads) {
    if (!thread->in_use && !thread->interrupt_pending) return thread;
  }
  threads->push_back(new JsThread());
  return threads->back();
}

void LeaveJsThread(void* data) {
  auto* const thread = static_cast<JsThread*>(data);
  ReleaseHandler(RemoveGuardsOf(thread->env));
  if (this_thread.js == thread) this_thread.js = nullptr;
  thread->isolate = nullptr;
  thread->env = nullptr;
  thread->in_use = false;
}

void OnInterrupt(v8::Isolate*, void* data) {
  auto* const thread = static_cast<JsThread*>(data);
  thread->interrupt_pending = false;
  OnSafepoint(thread);
}

// A Local<String> is a Node-API value.
void PutString(TextWriter* out, napi_env env, v8::String* text, const char* otherwise) {
  char bytes[160];
  size_t length = 0;
  auto* const value = reinterpret_cast<napi_value>(text);
  if (text == nullptr || napi_get_value_string_utf8(env, value, bytes, sizeof(bytes), &length) != napi_ok)
    length = 0;
  out->Text(length > 0 ? bytes : otherwise);
}

}  // namespace

uint64_t SystemThreadId() {
#ifdef __linux__
  return static_cast<uint64_t>(syscall(SYS_gettid));
#else
  uint64_t id = 0;
  pthread_threadid_np(nullptr, &id);
  return id;
#endif
}

void EnterJsThread(Napi::Env env) {
  JsThread* const thread = TakeThread();
  thread->in_use = true;
  thread->env = env;
  thread->isolate = ThisEngine().can_interrupt() ? ThisEngine().current_isolate() : nullptr;
  thread->number = 0;
  thread->run = nullptr;
  thread->first_fault = 0;
  thread->fatal_fault = 0;
  this_thread.js = thread;
  napi_add_env_cleanup_hook(env, LeaveJsThread, thread);
}

bool RequestSafepoint(JsThread* thread) {
  if (thread == nullptr || thread->isolate == nullptr) return false;
  if (!thread->interrupt_pending.exchange(true)) {
    ThisEngine().request_interrupt(thread->isolate, OnInterrupt, thread);
  }
  return true;
}

void CaptureJsStack(JsThread* thread, char* out, size_t size) {
  TextWriter text(out, size);
  const Engine& engine = ThisEngine();
  if (engine.can_capture() && thread->isolate != nullptr) {
    const v8::StackTrace* const stack = engine.capture_stack(thread->isolate, kMostFrames, kStackDetails);
    const int count = stack == nullptr ? 0 : engine.frame_count(stack);
    for (int i = 0; i < count; i++) {
      const v8::StackFrame* const frame = engine.frame(stack, thread->isolate, static_cast<unsigned>(i));
      const Engine::Location place = engine.location(frame);
      text.Text(i > 0 ? "\nat " : "at ");
      PutString(&text, thread->env, engine.function_name(frame), "<anonymous>");
      text.Text(" (");
      PutString(&text, thread->env, engine.script_name(frame), "<no file>");
      text.Text(":").Number(place.line + 1).Text(":").Number(place.column + 1).Text(")");
    }
  }
  text.End();
}
