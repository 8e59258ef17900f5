// What the fault handler knows about the thread it runs on, in thread-local memory that needs no call to
// reach (initial-exec): a handler may not allocate.

#ifndef NATIVE_THIS_THREAD_H_
#define NATIVE_THIS_THREAD_H_

#include <setjmp.h>

#include <cstdint>

struct JsThread;

// A page that a single-stepped instruction opened.
struct SteppedPage {
  int32_t range_id;
  uint32_t page;
};

struct ThisThread {
  JsThread* js;  // null: it runs no JavaScript that knows of us

  // guarded_access.cc: where to jump, and what it found.
  sigjmp_buf* jump;
  uintptr_t jump_address;
  uint32_t jump_sequence;

  // signal_chain.cc
  int chain_depth;
  const void* chain_context;
  uintptr_t chain_frame;

  // fault_policy.cc: pages to close after the instruction; the last fault, to notice one that comes for ever.
  SteppedPage stepped[8];
  int stepped_count;
  uint32_t same_pc_steps;
  uintptr_t last_pc;
  uintptr_t last_address;
  uint32_t repeats;
};

#ifdef __linux__
#define CHUNKYARD_TLS_MODEL __attribute__((tls_model("initial-exec")))
#else
#define CHUNKYARD_TLS_MODEL
#endif

extern thread_local ThisThread this_thread CHUNKYARD_TLS_MODEL;

#endif  // NATIVE_THIS_THREAD_H_
