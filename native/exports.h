// Everything addon.cc exports, by the file it lives in. lib/posix/native.ts describes each one for its
// callers.

#ifndef NATIVE_EXPORTS_H_
#define NATIVE_EXPORTS_H_

#include <napi.h>

// constants.cc
Napi::Object Constants(Napi::Env env);
Napi::Value PageSize(const Napi::CallbackInfo& info);

// mapping.cc: one range from its birth to its end
Napi::Value Mmap(const Napi::CallbackInfo& info);
Napi::Value Address(const Napi::CallbackInfo& info);
Napi::Value ByteLength(const Napi::CallbackInfo& info);
Napi::Value BufferOver(const Napi::CallbackInfo& info);
Napi::Value ReservationBuffer(const Napi::CallbackInfo& info);
Napi::Value Munmap(const Napi::CallbackInfo& info);
Napi::Value Mremap(const Napi::CallbackInfo& info);

// range_sharing.cc: one range, several threads
Napi::Value ShareRange(const Napi::CallbackInfo& info);
Napi::Value AttachRange(const Napi::CallbackInfo& info);
Napi::Value DetachRange(const Napi::CallbackInfo& info);
Napi::Value NoteEnd(const Napi::CallbackInfo& info);

// page_calls.cc: what may be done to pages of a range
Napi::Value Mprotect(const Napi::CallbackInfo& info);
Napi::Value Madvise(const Napi::CallbackInfo& info);
Napi::Value Msync(const Napi::CallbackInfo& info);
Napi::Value Mlock(const Napi::CallbackInfo& info);
Napi::Value Munlock(const Napi::CallbackInfo& info);
Napi::Value Mincore(const Napi::CallbackInfo& info);
Napi::Value NameRange(const Napi::CallbackInfo& info);

// shared_file.cc
Napi::Value MemoryFile(const Napi::CallbackInfo& info);
Napi::Value AddSeals(const Napi::CallbackInfo& info);

// file_pages.cc
Napi::Value LockFile(const Napi::CallbackInfo& info);
Napi::Value AllocateFile(const Napi::CallbackInfo& info);
Napi::Value PunchFile(const Napi::CallbackInfo& info);
Napi::Value MapInto(const Napi::CallbackInfo& info);

// program_break.cc
Napi::Value ProgramBreak(const Napi::CallbackInfo& info);
Napi::Value GrowBreak(const Napi::CallbackInfo& info);
Napi::Value ExtendBreak(const Napi::CallbackInfo& info);
Napi::Value ShrinkBreak(const Napi::CallbackInfo& info);

// native_heap.cc
Napi::Value NativeMalloc(const Napi::CallbackInfo& info);
Napi::Value NativeFree(const Napi::CallbackInfo& info);

// function_table.cc
Napi::Object FunctionAddresses(Napi::Env env);
Napi::Value MakeVisitor(const Napi::CallbackInfo& info);
Napi::Value GreetVisitor(const Napi::CallbackInfo& info);
Napi::Value GreetVisitorChecked(const Napi::CallbackInfo& info);
Napi::Value BareStrcpy(const Napi::CallbackInfo& info);

// guard_calls.cc: lib/posix/native-faults.ts describes these and the two below
Napi::Value RegisterGuards(const Napi::CallbackInfo& info);
Napi::Value UnregisterGuards(const Napi::CallbackInfo& info);
Napi::Value OpenGuardPages(const Napi::CallbackInfo& info);
Napi::Value CloseGuardPages(const Napi::CallbackInfo& info);
Napi::Value ShutGuardPages(const Napi::CallbackInfo& info);
Napi::Value RearmGuardPages(const Napi::CallbackInfo& info);
Napi::Value GuardMemory(const Napi::CallbackInfo& info);
Napi::Value GuardCounterMemory(const Napi::CallbackInfo& info);
Napi::Value InternSite(const Napi::CallbackInfo& info);
Napi::Value SiteTextOf(const Napi::CallbackInfo& info);

// stack_key.cc
Napi::Value StackKey(const Napi::CallbackInfo& info);

// fault_calls.cc
Napi::Value ReadFaults(const Napi::CallbackInfo& info);
Napi::Value NameThread(const Napi::CallbackInfo& info);
Napi::Value OnFaults(const Napi::CallbackInfo& info);
Napi::Value GuardRunCall(const Napi::CallbackInfo& info);
Napi::Value GuardStatus(const Napi::CallbackInfo& info);
Napi::Value ReinstallHandlerCall(const Napi::CallbackInfo& info);

// access_calls.cc
Napi::Value Peek(const Napi::CallbackInfo& info);
Napi::Value Poke(const Napi::CallbackInfo& info);
Napi::Value MemoryCopy(const Napi::CallbackInfo& info);
Napi::Value MemorySet(const Napi::CallbackInfo& info);
Napi::Value StringCopy(const Napi::CallbackInfo& info);
Napi::Value StringLengthAt(const Napi::CallbackInfo& info);
Napi::Value IsReadableAt(const Napi::CallbackInfo& info);

// syscall_timer.cc
Napi::Array TimedCases(Napi::Env env);
Napi::Value TimeSystemCall(const Napi::CallbackInfo& info);

// pace.cc
Napi::Value PaceOfProcessor(const Napi::CallbackInfo& info);

// processors.cc
Napi::Value KeepToProcessor(const Napi::CallbackInfo& info);

// cycle_counter.cc
Napi::Value CycleCounter(const Napi::CallbackInfo& info);

// crossing.cc
Napi::Object Crossings(Napi::Env env);

#endif  // NATIVE_EXPORTS_H_
