// The export table of the addon: one line per function, no logic. Every context that loads it (the main
// thread, each worker) gets its own functions; there is no global state behind them.

#include <napi.h>

#include "exports.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports["constants"] = Constants(env);
  exports["pageSize"] = Napi::Function::New<PageSize>(env, "pageSize");

  exports["mmap"] = Napi::Function::New<Mmap>(env, "mmap");
  exports["address"] = Napi::Function::New<Address>(env, "address");
  exports["byteLength"] = Napi::Function::New<ByteLength>(env, "byteLength");
  exports["buffer"] = Napi::Function::New<BufferOver>(env, "buffer");
  exports["reservationBuffer"] = Napi::Function::New<ReservationBuffer>(env, "reservationBuffer");
  exports["munmap"] = Napi::Function::New<Munmap>(env, "munmap");
  exports["mremap"] = Napi::Function::New<Mremap>(env, "mremap");

  exports["mprotect"] = Napi::Function::New<Mprotect>(env, "mprotect");
  exports["madvise"] = Napi::Function::New<Madvise>(env, "madvise");
  exports["msync"] = Napi::Function::New<Msync>(env, "msync");
  exports["mlock"] = Napi::Function::New<Mlock>(env, "mlock");
  exports["munlock"] = Napi::Function::New<Munlock>(env, "munlock");
  exports["mincore"] = Napi::Function::New<Mincore>(env, "mincore");
  exports["nameRange"] = Napi::Function::New<NameRange>(env, "nameRange");

  exports["memoryFile"] = Napi::Function::New<MemoryFile>(env, "memoryFile");
  exports["addSeals"] = Napi::Function::New<AddSeals>(env, "addSeals");

  exports["programBreak"] = Napi::Function::New<ProgramBreak>(env, "programBreak");
  exports["growBreak"] = Napi::Function::New<GrowBreak>(env, "growBreak");
  exports["extendBreak"] = Napi::Function::New<ExtendBreak>(env, "extendBreak");
  exports["shrinkBreak"] = Napi::Function::New<ShrinkBreak>(env, "shrinkBreak");

  exports["nativeMalloc"] = Napi::Function::New<NativeMalloc>(env, "nativeMalloc");
  exports["nativeFree"] = Napi::Function::New<NativeFree>(env, "nativeFree");

  exports["timedCases"] = TimedCases(env);
  exports["timeSystemCall"] = Napi::Function::New<TimeSystemCall>(env, "timeSystemCall");
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
