// Guarded ranges for JavaScript: register, open, close, and the memory that both sides write.

#include "guard_calls.h"

#include <napi.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "arguments.h"
#include "engine.h"
#include "exports.h"
#include "fault_report.h"
#include "fault_ring.h"
#include "guard_table.h"
#include "handler_hold.h"
#include "range_handle.h"

namespace {

using Tables = std::shared_ptr<GuardTables>;

void LetGo(napi_env, void*, void* hint) {
  delete static_cast<Tables*>(hint);
}

// An ArrayBuffer over memory that lives at least as long as it does; empty for an unknown range.
Napi::Value TableBuffer(Napi::Env env, const Tables& tables, void* data, size_t length) {
  if (length == 0) return Napi::ArrayBuffer::New(env, 0);
  auto* const hold = new Tables(tables);
  napi_value buffer;
  if (napi_create_external_arraybuffer(env, data, length, LetGo, hold, &buffer) == napi_ok)
    return Napi::Value(env, buffer);
  // After some failures the finalizer still comes: leave it an empty shell.
  hold->reset();
  if (!env.IsExceptionPending())
    napi_throw_error(env, nullptr, "could not make an ArrayBuffer over a guard table");
  return env.Undefined();
}

Napi::Value ZeroOrNegative(Napi::Env env, int result) {
  return Napi::Number::New(env, result);
}

int32_t Register(const GuardedRange& range, size_t blocks) {
  PrepareFaultReport();
  int result = AcquireHandler();
  if (result != 0) return result;
  result = PrepareForRange(range.policy == FaultPolicy::kTrace);
  if (result == 0) result = AddGuardedRange(range, blocks);
  if (result < 0) ReleaseHandler();
  return result;
}

}  // namespace

void ForgetGuards(uintptr_t base, size_t length) {
  ReleaseHandler(RemoveGuardsWithin(base, length));
}

Napi::Value RegisterGuards(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const PageRange pages(&in);
  const int policy = in.Int("policy");
  const int method = in.Int("method");
  const bool capture_stack = in.Next().ToBoolean();
  const size_t blocks = in.Size("maxBlocks");
  const std::string name = in.Text("name");
  if (!in.ok()) return in.Refused();
  const auto start = reinterpret_cast<uintptr_t>(pages.start);
  const size_t page = SystemPageSize();
  const bool fits = pages.length > 0 && start % page == 0 && pages.length % page == 0 &&
                    blocks <= SIZE_MAX / 2 / sizeof(BlockRecord);
  if (!fits || policy < 0 || policy > 3 || method < 0 || method > 1) return ZeroOrNegative(in.env(), -EINVAL);
  if (policy == static_cast<int>(FaultPolicy::kThrow) && !ThisEngine().can_terminate())
    return ZeroOrNegative(in.env(), -ENOTSUP);

  GuardedRange range;
  range.base = start;
  range.end = start + pages.length;
  range.policy = static_cast<FaultPolicy>(policy);
  range.method = static_cast<GuardMethod>(method);
  range.capture_stack = capture_stack && ThisEngine().can_capture();
  strncpy(range.name, name.c_str(), sizeof(range.name) - 1);
  range.owner = static_cast<napi_env>(in.env());
  return ZeroOrNegative(in.env(), Register(range, blocks));
}

Napi::Value UnregisterGuards(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int id = in.Int("id");
  if (!in.ok()) return in.Refused();
  if (!RemoveGuardedRange(id)) return ZeroOrNegative(in.env(), -ENOENT);
  ReleaseHandler();
  return ZeroOrNegative(in.env(), 0);
}

Napi::Value OpenGuardPages(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int id = in.Int("id");
  const size_t offset = in.Size("offset");
  const size_t length = in.Size("length");
  if (!in.ok()) return in.Refused();
  return ZeroOrNegative(in.env(), OpenGuards(id, offset, length));
}

Napi::Value CloseGuardPages(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int id = in.Int("id");
  const size_t offset = in.Size("offset");
  const size_t length = in.Size("length");
  if (!in.ok()) return in.Refused();
  return ZeroOrNegative(in.env(), CloseGuards(id, offset, length));
}

Napi::Value ShutGuardPages(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int id = in.Int("id");
  const size_t offset = in.Size("offset");
  const size_t length = in.Size("length");
  const bool shut = in.Next().ToBoolean();
  if (!in.ok()) return in.Refused();
  return ZeroOrNegative(in.env(), ShutGuards(id, offset, length, shut));
}

Napi::Value RearmGuardPages(const Napi::CallbackInfo& info) {
  return ZeroOrNegative(info.Env(), RearmGuards());
}

Napi::Value GuardMemory(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int id = in.Int("id");
  const int part = in.Int("part");
  if (!in.ok()) return in.Refused();
  const Tables tables = GuardTablesOf(id);
  if (tables == nullptr) return ZeroOrNegative(in.env(), -ENOENT);
  switch (part) {
    case 0:
      return TableBuffer(in.env(), tables, tables->states, tables->pages);
    case 1:
      return TableBuffer(in.env(), tables, tables->owners, tables->pages * sizeof(uint32_t));
    case 2:
      return TableBuffer(in.env(), tables, tables->blocks, tables->block_count * sizeof(BlockRecord));
    default:
      return ZeroOrNegative(in.env(), -EINVAL);
  }
}

Napi::Value GuardCounterMemory(const Napi::CallbackInfo& info) {
  napi_value buffer;
  const napi_status status = napi_create_external_arraybuffer(
      info.Env(), &guard_counters, sizeof(guard_counters), nullptr, nullptr, &buffer);
  if (status == napi_ok) return Napi::Value(info.Env(), buffer);
  napi_throw_error(info.Env(), nullptr, "could not make an ArrayBuffer over the guard counters");
  return info.Env().Undefined();
}

Napi::Value InternSite(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const std::string text = in.Text("text");
  if (!in.ok()) return in.Refused();
  return Napi::Number::New(in.env(), AddSite(text.c_str(), text.size()));
}

Napi::Value SiteTextOf(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int site = in.Int("site");
  if (!in.ok()) return in.Refused();
  return Napi::String::New(in.env(), SiteText(static_cast<uint32_t>(site)));
}
