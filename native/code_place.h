// Whose code an address lies in.

#ifndef NATIVE_CODE_PLACE_H_
#define NATIVE_CODE_PLACE_H_

#include <cstdint>

// What no file was mapped for is taken for compiled JavaScript.
enum class CodePlace : int { kJit, kNode, kAddon, kLibrary };

// A walk over the loaded files; no look into their tables of symbols, which takes a millisecond.
CodePlace PlaceOfCode(uintptr_t pc);

#endif  // NATIVE_CODE_PLACE_H_
