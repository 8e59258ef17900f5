// Native accessors for JavaScript: a value, or -sequence of the fault that ended the access.

#include <napi.h>

#include "arguments.h"
#include "exports.h"
#include "guarded_access.h"

namespace {

Napi::Value Refused(Napi::Env env, uint32_t fault) {
  return Napi::Number::New(env, -static_cast<double>(fault));
}

size_t Width(Arguments* in) {
  const size_t width = in->Size("widthBytes");
  if (in->ok() && width != 1 && width != 2 && width != 4 && width != 8) {
    in->Refuse("widthBytes", "1, 2, 4 or 8", Napi::Number::New(in->env(), static_cast<double>(width)), true);
  }
  return width;
}

}  // namespace

Napi::Value Peek(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t address = in.Address("address");
  const size_t width = Width(&in);
  if (!in.ok()) return in.Refused();
  uint64_t value = 0;
  const uint32_t fault = ReadBytes(address, width, reinterpret_cast<uint8_t*>(&value));
  return fault == 0 ? Napi::BigInt::New(in.env(), value) : Refused(in.env(), fault);
}

Napi::Value Poke(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t address = in.Address("address");
  const uint64_t value = in.Address("value");
  const size_t width = Width(&in);
  if (!in.ok()) return in.Refused();
  return Refused(in.env(), WriteBytes(address, width, reinterpret_cast<const uint8_t*>(&value)));
}

Napi::Value MemoryCopy(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t to = in.Address("to");
  const uintptr_t from = in.Address("from");
  const size_t length = in.Size("lengthBytes");
  if (!in.ok()) return in.Refused();
  return Refused(in.env(), CopyBytes(to, from, length));
}

Napi::Value MemorySet(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t to = in.Address("to");
  const auto byte = static_cast<uint8_t>(in.Int("byte"));
  const size_t length = in.Size("lengthBytes");
  if (!in.ok()) return in.Refused();
  return Refused(in.env(), SetBytes(to, byte, length));
}

Napi::Value StringCopy(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t to = in.Address("to");
  const uintptr_t from = in.Address("from");
  if (!in.ok()) return in.Refused();
  return Refused(in.env(), CopyString(to, from));
}

Napi::Value StringLengthAt(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t from = in.Address("from");
  if (!in.ok()) return in.Refused();
  size_t length = 0;
  const uint32_t fault = StringLength(from, &length);
  return fault == 0 ? Napi::Number::New(in.env(), static_cast<double>(length)) : Refused(in.env(), fault);
}

Napi::Value IsReadableAt(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t address = in.Address("address");
  const size_t length = in.Size("lengthBytes");
  if (!in.ok()) return in.Refused();
  return Napi::Number::New(in.env(), IsReadable(address, length));
}
