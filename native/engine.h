// The few functions of V8 that Node-API does not reach, looked up at run time by name, without any header.
// Node 20, 22, 24 and 26 export them under the same names. Where one is missing, what needs it says so and
// the rest works.
//
//   isolate, request_interrupt                              reports at the next safepoint, with a JavaScript
//   stack
//   + terminate, cancel_terminate                           guard.run() can end a function at a fault
//   + stack_*, frame_*                                      the JavaScript stack itself

#ifndef NATIVE_ENGINE_H_
#define NATIVE_ENGINE_H_

#include <dlfcn.h>

#include <cstddef>
#include <string>
#include <vector>

namespace v8 {
// Named so that functions below have the names V8's own have; nothing is known about them.
class Isolate;
class StackFrame;
class StackTrace;
class String;
}  // namespace v8

// Looks a function up; null where there is none.
template <typename Function>
void FindInEngine(Function* function, const char* name) {
  *function = reinterpret_cast<Function>(dlsym(RTLD_DEFAULT, name));
}

struct Engine {
  // Counted from 0.
  struct Location {
    int line;
    int column;
  };
  using Interrupt = void (*)(v8::Isolate* isolate, void* data);

  v8::Isolate* (*current_isolate)();
  void (*request_interrupt)(v8::Isolate* isolate, Interrupt callback, void* data);
  void (*terminate)(v8::Isolate* isolate);
  void (*cancel_terminate)(v8::Isolate* isolate);
  // A Local is one word, handed over in a register; a method is a function whose first argument is `this`.
  v8::StackTrace* (*capture_stack)(v8::Isolate* isolate, int frame_limit, int options);
  int (*frame_count)(const v8::StackTrace* stack);
  v8::StackFrame* (*frame)(const v8::StackTrace* stack, v8::Isolate* isolate, unsigned index);
  Location (*location)(const v8::StackFrame* frame);
  v8::String* (*script_name)(const v8::StackFrame* frame);
  v8::String* (*function_name)(const v8::StackFrame* frame);

  bool can_interrupt() const { return current_isolate && request_interrupt; }
  bool can_terminate() const { return can_interrupt() && terminate && cancel_terminate; }
  bool can_capture() const {
    return can_interrupt() && capture_stack && frame_count && frame && location && script_name &&
           function_name;
  }
};

// The functions this process has.
const Engine& ThisEngine();

// Names of those that it has not.
const std::vector<std::string>& MissingEngineSymbols();

#endif  // NATIVE_ENGINE_H_
