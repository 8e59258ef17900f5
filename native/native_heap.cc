// The process's own malloc, called from JavaScript: what the crossing makes of it. For measuring only: an
// address that is no block of it ends the process, as in C. Not part of the public API.

#include <cstdlib>

#include "arguments.h"
#include "exports.h"

// An address as a number: exact, because no platform has addresses of 53 bits for users. 0: no memory.
Napi::Value NativeMalloc(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const size_t size = in.Size("sizeBytes");
  if (!in.ok()) return in.Refused();
  return Napi::Number::New(in.env(), static_cast<double>(reinterpret_cast<uintptr_t>(malloc(size))));
}

Napi::Value NativeFree(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const uintptr_t address = in.Address("address");
  if (in.ok()) free(reinterpret_cast<void*>(address));
  return in.Refused();
}
