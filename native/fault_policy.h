// What a hit does. In the signal handler: it is recorded, the page opened, the access repeated; all that
// needs more happens at the next safepoint of the engine, where no JavaScript runs either.
//
//            in the handler                       at the safepoint                   else
//   die      record, open                         JS stack, report, true signal      no safepoint: report at
//   once; after
//                                                                                    1 s the helper thread
//                                                                                    does it
//   throw    record, open, mark the run           JS stack, terminate                without a run: as die
//   record   record, open, wake the listeners     JS stack, close
//   trace    as record, and single-step                                              SIGTRAP closes

#ifndef NATIVE_FAULT_POLICY_H_
#define NATIVE_FAULT_POLICY_H_

#include <csignal>
#include <cstdint>

struct JsThread;

// True: the instruction is to run again. False: not ours.
bool TakeHit(int signal, const siginfo_t* info, void* context);

// Enters what a native accessor ran into, wherever that lies. Returns its sequence number.
uint32_t RecordAccessorFault(int signal, const siginfo_t* info, const void* context);

// After a single step: closes what it opened. False: this thread stepped over nothing.
bool EndStep(void* context);

// Called by the engine, see RequestSafepoint().
void OnSafepoint(JsThread* thread);

// Takes the stack now that hits since the last safepoint want; only in a call from JavaScript.
void TakeJsStack(JsThread* thread);

#endif  // NATIVE_FAULT_POLICY_H_
