// The policies: see fault_policy.h for the table.

#include "fault_policy.h"

#include <cstring>

#include "describe_fault.h"
#include "fault_context.h"
#include "fault_events.h"
#include "fault_report.h"
#include "fault_ring.h"
#include "guard_pages.h"
#include "guard_table.h"
#include "js_thread.h"
#include "range_handle.h"
#include "signal_chain.h"
#include "this_thread.h"

namespace {

// An access that faults this often on a page that we have opened will never land.
constexpr uint32_t kMostRepeats = 64;
// One instruction may step over so many bytes (rep movsb); then its page stays open up to the next safepoint.
constexpr uint32_t kMostSteps = 65536;

// How often the same instruction has come back from a page that we have opened for it.
uint32_t CountRepeats(ThisThread* thread, const FaultFacts& facts, bool was_open) {
  const bool same = was_open && thread->last_address == facts.address && thread->last_pc == facts.pc;
  thread->repeats = same ? thread->repeats + 1 : 0;
  thread->last_address = facts.address;
  thread->last_pc = facts.pc;
  return thread->repeats;
}

void CloseSteppedPage(const SteppedPage& stepped) {
  GuardedRange* const range = GuardedRangeOf(stepped.range_id);
  if (range != nullptr) CloseHitPage(range, stepped.page);
}

void Step(ThisThread* thread, int32_t range_id, uint32_t page, bool same_pc, void* context) {
  constexpr int kMost = sizeof(thread->stepped) / sizeof(thread->stepped[0]);
  thread->same_pc_steps = same_pc ? thread->same_pc_steps + 1 : 0;
  if (!kCanStep || thread->stepped_count == kMost || thread->same_pc_steps > kMostSteps) return;
  thread->stepped[thread->stepped_count++] = {range_id, page};
  SetStepping(context, true);
}

// Without a run that could throw, a hit is one that ends the process.
bool IsFatal(FaultPolicy policy, const JsThread* js) {
  if (policy == FaultPolicy::kThrow) return js == nullptr || js->run == nullptr;
  return policy == FaultPolicy::kDie;
}

// On the thread of the hit. The engine is asked for a safepoint, for the stack and to close the page again.
void Follow(JsThread* js, const Fault& fault) {
  const bool fatal = IsFatal(fault.policy, js);
  if (js != nullptr) {
    if (js->first_fault == 0 && fault.wants_stack) js->first_fault = fault.sequence;
    if (fatal && js->fatal_fault == 0) js->fatal_fault = fault.sequence;
    if (!fatal && fault.policy == FaultPolicy::kThrow && js->run->fault == 0) js->run->fault = fault.sequence;
    RequestSafepoint(js);
  }
  if (fatal) {
    PostFatal(fault.sequence);
  } else {
    PostFault();
  }
}

enum class Verdict { kNotOurs, kEndNow, kGoOn, kGoOnAgain };

Verdict Judge(const FaultFacts& facts, void* context, const Fault** fault) {
  ThisThread* const thread = &this_thread;
  const GuardLock lock;
  GuardedRange* const range = FindGuardedRange(facts.address);
  if (range == nullptr) return Verdict::kNotOurs;
  const size_t page = (facts.address - range->base) / SystemPageSize();
  const uint8_t state = range->tables->states[page];
  // An open page: the access is one that its protection forbids, or the system's memory is at an end.
  if (state == kPageOpen) return Verdict::kNotOurs;
  const bool same_pc = facts.pc == thread->last_pc;
  const uint32_t repeats = CountRepeats(thread, facts, state == kPageHit);
  if (repeats > kMostRepeats) return Verdict::kNotOurs;

  const bool has_safepoints = thread->js != nullptr && thread->js->isolate != nullptr;
  const bool may_go_on = has_safepoints || !IsFatal(range->policy, thread->js);
  const bool goes_on = may_go_on && OpenHitPage(range, page);
  // The same access: under the guard the page itself was closed.
  if (goes_on && repeats > 0) return Verdict::kGoOnAgain;
  Fault* const entry = NewFault();
  DescribeHit(*range, facts, entry);
  PublishFault(*entry);
  *fault = entry;
  if (!goes_on) return Verdict::kEndNow;
  if (range->policy == FaultPolicy::kTrace)
    Step(thread, range->id, static_cast<uint32_t>(page), same_pc, context);
  return Verdict::kGoOn;
}

FaultFacts FactsOf(int signal, const siginfo_t* info, const void* context) {
  const auto address = reinterpret_cast<uintptr_t>(info->si_addr);
  return {signal, info->si_code, address, FaultPc(context), AccessOf(context)};
}

}  // namespace

bool TakeHit(int signal, const siginfo_t* info, void* context) {
  const Fault* fault = nullptr;
  switch (Judge(FactsOf(signal, info, context), context, &fault)) {
    case Verdict::kNotOurs:
      return false;
    case Verdict::kEndNow:
      ReportFault(*fault);
      return false;
    case Verdict::kGoOn:
      Follow(this_thread.js, *fault);
      return true;
    case Verdict::kGoOnAgain:
      return true;
  }
  return false;
}

uint32_t RecordAccessorFault(int signal, const siginfo_t* info, const void* context) {
  FaultFacts facts = FactsOf(signal, info, context);
  // An address that is none has no fault address either.
  if (facts.address == 0) facts.address = this_thread.jump_address;
  const GuardLock lock;
  Fault* const entry = NewFault();
  const GuardedRange* const range = FindGuardedRange(facts.address);
  if (range != nullptr) {
    DescribeHit(*range, facts, entry);
  } else {
    DescribeWild(facts, entry);
  }
  // The caller gets an exception, and its stack.
  entry->wants_stack = false;
  PublishFault(*entry);
  return entry->sequence;
}

bool EndStep(void* context) {
  ThisThread* const thread = &this_thread;
  if (thread->stepped_count == 0) return false;
  SetStepping(context, false);
  const GuardLock lock;
  for (int i = 0; i < thread->stepped_count; i++) CloseSteppedPage(thread->stepped[i]);
  thread->stepped_count = 0;
  return true;
}

void TakeJsStack(JsThread* js) {
  const uint32_t first = js->first_fault;
  js->first_fault = 0;
  if (first == 0) return;
  char stack[sizeof(Fault::js_stack)];
  CaptureJsStack(js, stack, sizeof(stack));
  GiveStack(SystemThreadId(), first, stack);
}

void OnSafepoint(JsThread* js) {
  TakeJsStack(js);
  const Fault* const fatal = FindFault(js->fatal_fault);
  if (fatal != nullptr) {
    ReportFault(*fatal);
    DieBySignal(fatal->signal);
  }
  if (js->run != nullptr && js->run->fault != 0) {
    // Its pages stay open until it has ended, which may take one turn of a loop more.
    ThisEngine().terminate(js->isolate);
    return;
  }
  RearmGuards();
}
