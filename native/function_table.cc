// What lesson 8 overwrites: a record as C programs have them on their heaps, with a pointer to a function in
// it. The record lies wherever the caller says, in memory that the caller owns; the call goes wherever the
// record says. A pointer that leads nowhere ends the process, as in C: for processes that are made to end.
// Not part of the public API.

#include <cerrno>
#include <cstring>
#include <new>

#include "arguments.h"
#include "exports.h"

namespace {

// What the function that ran leaves behind.
//   0x00  calls   how often one was called
//   0x08  said    what the last one had to say, 24 bytes
struct Voice {
  uint64_t calls;
  char said[24];
};

//   0x00  greet   the function to call
//   0x08  voice   where it speaks
struct Visitor {
  uint64_t (*greet)(const Visitor* self);
  Voice* voice;
};

uint64_t Say(const Visitor* self, const char* text) {
  Voice* const voice = self->voice;
  strncpy(voice->said, text, sizeof voice->said - 1);
  voice->said[sizeof voice->said - 1] = '\0';
  return ++voice->calls;
}

__attribute__((noinline)) uint64_t Welcome(const Visitor* self) {
  return Say(self, "welcome");
}

__attribute__((noinline)) uint64_t Nod(const Visitor* self) {
  return Say(self, "hm");
}

// No visitor is ever given this one.
__attribute__((noinline)) uint64_t OpenVault(const Visitor* self) {
  return Say(self, "vault is open");
}

constexpr decltype(&Welcome) kGreetings[] = {Welcome, Nod};

const Visitor* VisitorAt(uintptr_t address) {
  return reinterpret_cast<const Visitor*>(address);
}

Napi::Value AddressOf(Napi::Env env, uint64_t (*function)(const Visitor*)) {
  return Napi::BigInt::New(env, static_cast<uint64_t>(reinterpret_cast<uintptr_t>(function)));
}

}  // namespace

// Where the functions lie: read-only pages of this very binary.
Napi::Object FunctionAddresses(Napi::Env env) {
  Napi::Object addresses = Napi::Object::New(env);
  addresses["welcome"] = AddressOf(env, Welcome);
  addresses["nod"] = AddressOf(env, Nod);
  addresses["openVault"] = AddressOf(env, OpenVault);
  return addresses;
}

Napi::Value MakeVisitor(const Napi::CallbackInfo& info) {
  Arguments in(info);
  void* const address = reinterpret_cast<void*>(in.Address("address"));
  void* const voice = reinterpret_cast<void*>(in.Address("voice"));
  if (in.ok()) new (address) Visitor{Welcome, new (voice) Voice{0, {}}};
  return in.Refused();
}

Napi::Value GreetVisitor(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const Visitor* const visitor = VisitorAt(in.Address("address"));
  if (!in.ok()) return in.Refused();
  return Napi::Number::New(in.env(), static_cast<double>(visitor->greet(visitor)));
}

// The same call, if the pointer is one of the two that may stand there; else -EPERM, and nothing is called.
Napi::Value GreetVisitorChecked(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const Visitor* const visitor = VisitorAt(in.Address("address"));
  if (!in.ok()) return in.Refused();
  const auto greet = visitor->greet;
  for (const auto known : kGreetings) {
    if (known == greet) return Napi::Number::New(in.env(), static_cast<double>(known(visitor)));
  }
  return Napi::Number::New(in.env(), -EPERM);
}

// The C library's own strcpy, with nothing between it and what it meets.
Napi::Value BareStrcpy(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t to = in.Address("to");
  const uintptr_t from = in.Address("from");
  if (in.ok()) strcpy(reinterpret_cast<char*>(to), reinterpret_cast<const char*>(from));
  return in.Refused();
}
