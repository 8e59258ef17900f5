// Faults for JavaScript: the hits, a run that one ends, the state of the handlers.

#include <napi.h>

#include "arguments.h"
#include "code_place.h"
#include "engine.h"
#include "exports.h"
#include "fault_context.h"
#include "fault_listeners.h"
#include "fault_policy.h"
#include "fault_ring.h"
#include "guard_table.h"
#include "handler_hold.h"
#include "js_thread.h"
#include "this_thread.h"

namespace {

void Put(Napi::Object object, const char* name, double value) {
  object[name] = Napi::Number::New(object.Env(), value);
}

void PutBlock(Napi::Object object, const BlockRecord& block) {
  Put(object, "blockState", block.state);
  Put(object, "pointer", block.start);
  Put(object, "sizeBytes", block.size);
  Put(object, "number", block.number);
  Put(object, "slackBytes", block.slack);
  Put(object, "allocSite", block.alloc_site);
  Put(object, "freeSite", block.free_site);
  Put(object, "allocThread", block.alloc_thread);
  Put(object, "freeThread", block.free_thread);
  Put(object, "allocTimeMs", block.alloc_time_ms);
  Put(object, "freeTimeMs", block.free_time_ms);
}

Napi::Object FaultObject(Napi::Env env, const Fault& fault) {
  Napi::Object object = Napi::Object::New(env);
  Put(object, "sequence", fault.sequence);
  Put(object, "kind", static_cast<int>(fault.kind));
  Put(object, "policy", static_cast<int>(fault.policy));
  Put(object, "access", static_cast<int>(fault.access));
  Put(object, "signal", fault.signal);
  Put(object, "signalCode", fault.signal_code);
  object["address"] = Napi::BigInt::New(env, static_cast<uint64_t>(fault.address));
  object["pc"] = Napi::BigInt::New(env, static_cast<uint64_t>(fault.pc));
  Put(object, "code", static_cast<int>(PlaceOfCode(fault.pc)));
  Put(object, "rangeId", fault.range_id);
  object["range"] = Napi::String::New(env, fault.range_name);
  Put(object, "offsetBytes", static_cast<double>(fault.offset));
  Put(object, "distanceBytes", fault.distance);
  Put(object, "thread", fault.thread);
  Put(object, "threadId", static_cast<double>(fault.thread_id));
  Put(object, "timeMs", fault.time_ms);
  object["jsStack"] = Napi::String::New(env, fault.js_stack);
  object["stackPending"] = Napi::Boolean::New(env, fault.wants_stack);
  PutBlock(object, fault.block);
  return object;
}

Napi::Object SignalObject(Napi::Env env, int signal) {
  const SignalPlaces places = ChainOf(signal)->Look();
  Napi::Object object = Napi::Object::New(env);
  Put(object, "kind", places.current.kind);
  object["owner"] = Napi::String::New(env, places.current.owner);
  Put(object, "nextKind", places.next.kind);
  object["nextOwner"] = Napi::String::New(env, places.next.owner);
  return object;
}

// The engine is ending this environment too (a worker is terminated): it must not be kept from that.
bool MayRunJavaScript(Napi::Env env) {
  napi_value object;
  napi_value global;
  if (napi_create_object(env, &object) != napi_ok || napi_get_global(env, &global) != napi_ok) return false;
  return napi_set_named_property(env, object, "probe", global) == napi_ok;
}

void CancelTermination(Napi::Env env, const JsThread& thread) {
  napi_value exception;
  if (env.IsExceptionPending()) napi_get_and_clear_last_exception(env, &exception);
  ThisEngine().cancel_terminate(thread.isolate);
  if (!MayRunJavaScript(env)) ThisEngine().terminate(thread.isolate);
}

}  // namespace

Napi::Value ReadFaults(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const size_t since = in.Size("since");
  if (!in.ok()) return in.Refused();
  const uint32_t last = guard_counters.faults;
  const uint32_t oldest = last < kRingFaults ? 1 : last - kRingFaults + 1;
  Napi::Array list = Napi::Array::New(in.env());
  uint32_t count = 0;
  Fault fault;
  for (uint64_t sequence = since < oldest ? oldest : since + 1; sequence <= last; sequence++) {
    if (CopyFault(static_cast<uint32_t>(sequence), &fault)) list[count++] = FaultObject(in.env(), fault);
  }
  return list;
}

Napi::Value NameThread(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int number = in.Int("threadNumber");
  if (!in.ok()) return in.Refused();
  if (this_thread.js != nullptr) this_thread.js->number = static_cast<uint32_t>(number) + 1;
  return in.env().Undefined();
}

Napi::Value OnFaults(const Napi::CallbackInfo& info) {
  ListenForFaults(info.Env(), info[0]);
  return info.Env().Undefined();
}

Napi::Value GuardRunCall(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  JsThread* const thread = this_thread.js;
  if (thread == nullptr || !ThisEngine().can_terminate()) return Napi::Number::New(env, -1);
  GuardRun run = {thread->run, 0};
  thread->run = &run;
  napi_value result;
  napi_call_function(env, env.Undefined(), info[0], 0, nullptr, &result);
  thread->run = run.outer;
  if (run.fault == 0) return env.Undefined();

  CancelTermination(env, *thread);
  TakeJsStack(thread);
  RearmGuards();
  return Napi::Number::New(env, run.fault);
}

Napi::Value GuardStatus(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const Engine& engine = ThisEngine();
  Napi::Object status = Napi::Object::New(env);
  Put(status, "ranges", CountGuardedRanges());
  status["segv"] = SignalObject(env, SIGSEGV);
  status["bus"] = SignalObject(env, SIGBUS);
  status["trap"] = SignalObject(env, SIGTRAP);
  Napi::Array missing = Napi::Array::New(env);
  for (const std::string& name : MissingEngineSymbols()) missing[missing.Length()] = name;
  status["missingSymbols"] = missing;
  status["throwSupported"] = Napi::Boolean::New(env, engine.can_terminate());
  status["stackSupported"] = Napi::Boolean::New(env, engine.can_capture());
  status["traceSupported"] = Napi::Boolean::New(env, kCanStep);
  return status;
}

Napi::Value ReinstallHandlerCall(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), ReinstallHandler());
}
