// The export table of the addon: one line per function, no logic. Every context that loads it (the main
// thread, each worker) gets its own functions; there is no global state behind them.

#include <napi.h>

#include "exports.h"
#include "js_thread.h"

static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  EnterJsThread(env);
  exports["constants"] = Constants(env);
  exports["pageSize"] = Napi::Function::New<PageSize>(env, "pageSize");

  exports["mmap"] = Napi::Function::New<Mmap>(env, "mmap");
  exports["address"] = Napi::Function::New<Address>(env, "address");
  exports["byteLength"] = Napi::Function::New<ByteLength>(env, "byteLength");
  exports["buffer"] = Napi::Function::New<BufferOver>(env, "buffer");
  exports["reservationBuffer"] = Napi::Function::New<ReservationBuffer>(env, "reservationBuffer");
  exports["munmap"] = Napi::Function::New<Munmap>(env, "munmap");
  exports["mremap"] = Napi::Function::New<Mremap>(env, "mremap");

  exports["shareRange"] = Napi::Function::New<ShareRange>(env, "shareRange");
  exports["attachRange"] = Napi::Function::New<AttachRange>(env, "attachRange");
  exports["detachRange"] = Napi::Function::New<DetachRange>(env, "detachRange");
  exports["noteEnd"] = Napi::Function::New<NoteEnd>(env, "noteEnd");

  exports["mprotect"] = Napi::Function::New<Mprotect>(env, "mprotect");
  exports["madvise"] = Napi::Function::New<Madvise>(env, "madvise");
  exports["msync"] = Napi::Function::New<Msync>(env, "msync");
  exports["mlock"] = Napi::Function::New<Mlock>(env, "mlock");
  exports["munlock"] = Napi::Function::New<Munlock>(env, "munlock");
  exports["mincore"] = Napi::Function::New<Mincore>(env, "mincore");
  exports["nameRange"] = Napi::Function::New<NameRange>(env, "nameRange");

  exports["memoryFile"] = Napi::Function::New<MemoryFile>(env, "memoryFile");
  exports["addSeals"] = Napi::Function::New<AddSeals>(env, "addSeals");
  exports["lockFile"] = Napi::Function::New<LockFile>(env, "lockFile");
  exports["allocateFile"] = Napi::Function::New<AllocateFile>(env, "allocateFile");
  exports["punchFile"] = Napi::Function::New<PunchFile>(env, "punchFile");
  exports["mapInto"] = Napi::Function::New<MapInto>(env, "mapInto");

  exports["programBreak"] = Napi::Function::New<ProgramBreak>(env, "programBreak");
  exports["growBreak"] = Napi::Function::New<GrowBreak>(env, "growBreak");
  exports["extendBreak"] = Napi::Function::New<ExtendBreak>(env, "extendBreak");
  exports["shrinkBreak"] = Napi::Function::New<ShrinkBreak>(env, "shrinkBreak");

  exports["nativeMalloc"] = Napi::Function::New<NativeMalloc>(env, "nativeMalloc");
  exports["nativeFree"] = Napi::Function::New<NativeFree>(env, "nativeFree");

  exports["functionAddresses"] = FunctionAddresses(env);
  exports["makeVisitor"] = Napi::Function::New<MakeVisitor>(env, "makeVisitor");
  exports["greetVisitor"] = Napi::Function::New<GreetVisitor>(env, "greetVisitor");
  exports["greetVisitorChecked"] = Napi::Function::New<GreetVisitorChecked>(env, "greetVisitorChecked");
  exports["bareStrcpy"] = Napi::Function::New<BareStrcpy>(env, "bareStrcpy");

  exports["registerGuards"] = Napi::Function::New<RegisterGuards>(env, "registerGuards");
  exports["unregisterGuards"] = Napi::Function::New<UnregisterGuards>(env, "unregisterGuards");
  exports["openGuards"] = Napi::Function::New<OpenGuardPages>(env, "openGuards");
  exports["closeGuards"] = Napi::Function::New<CloseGuardPages>(env, "closeGuards");
  exports["shutGuards"] = Napi::Function::New<ShutGuardPages>(env, "shutGuards");
  exports["rearmGuards"] = Napi::Function::New<RearmGuardPages>(env, "rearmGuards");
  exports["guardMemory"] = Napi::Function::New<GuardMemory>(env, "guardMemory");
  exports["guardCounters"] = Napi::Function::New<GuardCounterMemory>(env, "guardCounters");
  exports["internSite"] = Napi::Function::New<InternSite>(env, "internSite");
  exports["stackKey"] = Napi::Function::New<StackKey>(env, "stackKey");
  exports["siteText"] = Napi::Function::New<SiteTextOf>(env, "siteText");

  exports["readFaults"] = Napi::Function::New<ReadFaults>(env, "readFaults");
  exports["nameThread"] = Napi::Function::New<NameThread>(env, "nameThread");
  exports["onFaults"] = Napi::Function::New<OnFaults>(env, "onFaults");
  exports["guardRun"] = Napi::Function::New<GuardRunCall>(env, "guardRun");
  exports["guardStatus"] = Napi::Function::New<GuardStatus>(env, "guardStatus");
  exports["reinstallHandler"] = Napi::Function::New<ReinstallHandlerCall>(env, "reinstallHandler");

  exports["peek"] = Napi::Function::New<Peek>(env, "peek");
  exports["poke"] = Napi::Function::New<Poke>(env, "poke");
  exports["memoryCopy"] = Napi::Function::New<MemoryCopy>(env, "memoryCopy");
  exports["memorySet"] = Napi::Function::New<MemorySet>(env, "memorySet");
  exports["stringCopy"] = Napi::Function::New<StringCopy>(env, "stringCopy");
  exports["stringLength"] = Napi::Function::New<StringLengthAt>(env, "stringLength");
  exports["isReadable"] = Napi::Function::New<IsReadableAt>(env, "isReadable");

  exports["timedCases"] = TimedCases(env);
  exports["timeSystemCall"] = Napi::Function::New<TimeSystemCall>(env, "timeSystemCall");
  exports["paceNs"] = Napi::Function::New<PaceOfProcessor>(env, "paceNs");
  exports["keepToProcessor"] = Napi::Function::New<KeepToProcessor>(env, "keepToProcessor");
  exports["cycleCounter"] = Napi::Function::New<CycleCounter>(env, "cycleCounter");
  exports["crossings"] = Crossings(env);
  return exports;
}

NODE_API_MODULE(NODE_GYP_MODULE_NAME, Init)
