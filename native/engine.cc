// V8 by name: see engine.h.

#include "engine.h"

namespace {

std::vector<std::string> missing;

template <typename Function>
void Need(Function* function, const char* name) {
  FindInEngine(function, name);
  if (*function == nullptr) missing.push_back(name);
}

Engine Find() {
  Engine engine = {};
  Need(&engine.current_isolate, "_ZN2v87Isolate10GetCurrentEv");
  Need(&engine.request_interrupt, "_ZN2v87Isolate16RequestInterruptEPFvPS0_PvES2_");
  Need(&engine.terminate, "_ZN2v87Isolate18TerminateExecutionEv");
  Need(&engine.cancel_terminate, "_ZN2v87Isolate24CancelTerminateExecutionEv");
  Need(&engine.capture_stack, "_ZN2v810StackTrace17CurrentStackTraceEPNS_7IsolateEiNS0_17StackTraceOptionsE");
  Need(&engine.frame_count, "_ZNK2v810StackTrace13GetFrameCountEv");
  Need(&engine.frame, "_ZNK2v810StackTrace8GetFrameEPNS_7IsolateEj");
  Need(&engine.location, "_ZNK2v810StackFrame11GetLocationEv");
  Need(&engine.script_name, "_ZNK2v810StackFrame13GetScriptNameEv");
  Need(&engine.function_name, "_ZNK2v810StackFrame15GetFunctionNameEv");
  return engine;
}

}  // namespace

const Engine& ThisEngine() {
  static const Engine engine = Find();
  return engine;
}

const std::vector<std::string>& MissingEngineSymbols() {
  ThisEngine();
  return missing;
}
