// How a number gets its name in the addon's `constants`, for the two files that fill it.

#ifndef NATIVE_CONSTANTS_H_
#define NATIVE_CONSTANTS_H_

#include <napi.h>

#include <cstdint>

// Unsigned, because the topmost flags use bit 31.
#define ADD(name) constants[#name] = Napi::Number::New(constants.Env(), static_cast<uint32_t>(name))

void AddMapFlags(Napi::Object constants);
void AddAdvice(Napi::Object constants);

#endif  // NATIVE_CONSTANTS_H_
