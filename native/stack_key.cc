// A number for the JavaScript stack that runs now: equal numbers, equal stacks. Whoever keeps many stacks
// asks for the number first and catches only those that it does not know: ten times cheaper.
//
// V8's sampler, made for profilers, gives the address of every frame in the machine's code, or in the
// bytecode of an interpreted function. Code and bytecode move only while garbage is collected, so the number
// of collections is part of the key. Both functions of V8 are looked up by name (engine.h); without them the
// key is 0, and nobody knows.

#include <napi.h>

#include <cstdint>

#include "engine.h"
#include "exports.h"
#include "stay_loaded.h"

namespace {

// v8::RegisterState. Inside a call from JavaScript the engine knows where its frames are: all may be null.
struct Registers {
  void* pc;
  void* sp;
  void* fp;
  void* lr;
  void* callee_saved;
};

// v8::SampleInfo: what follows the count is of no use here, and shorter than this.
struct Sample {
  size_t frames;
  uint64_t more[31];
};

constexpr size_t kMostFrames = 96;
constexpr int kAllCollections = 0xff;

struct Sampler {
  using Collected = void (*)(v8::Isolate* isolate, int type, int flags);
  void (*sample)(v8::Isolate* isolate, const Registers& registers, void** frames, size_t limit, Sample* info);
  void (*watch_collections)(v8::Isolate* isolate, Collected callback, int types);
};

const Sampler& ThisSampler() {
  static const Sampler sampler = [] {
    Sampler found = {};
    FindInEngine(&found.sample, "_ZN2v87Isolate14GetStackSampleERKNS_13RegisterStateEPPvmPNS_10SampleInfoE");
    FindInEngine(&found.watch_collections,
                 "_ZN2v87Isolate21AddGCEpilogueCallbackEPFvPS0_NS_6GCTypeENS_15GCCallbackFlagsEES2_");
    return found;
  }();
  return sampler;
}

// Collections of this thread's engine since somebody asked first, + 1.
thread_local uint64_t collections = 0;
thread_local v8::Isolate* isolate = nullptr;

void CountCollection(v8::Isolate*, int, int) {
  collections++;
}

bool IsReady() {
  const Engine& engine = ThisEngine();
  const Sampler& sampler = ThisSampler();
  if (!engine.current_isolate || !sampler.sample || !sampler.watch_collections) return false;
  v8::Isolate* const current = engine.current_isolate();
  if (current == isolate) return true;
  // The engine keeps the callback to its end, which may come after Node has let go of the addon.
  StayLoaded();
  sampler.watch_collections(current, CountCollection, kAllCollections);
  isolate = current;
  collections++;
  return true;
}

uint64_t Mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
  return hash ^ (hash >> 29);
}

}  // namespace

// stackKey(frames): of the topmost `frames`.
Napi::Value StackKey(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  uint32_t limit = 0;
  if (napi_get_value_uint32(env, info[0], &limit) != napi_ok || limit == 0 || limit > kMostFrames ||
      !IsReady())
    return Napi::Number::New(env, 0);
  void* frames[kMostFrames];
  Registers registers = {};
  registers.sp = registers.fp = __builtin_frame_address(0);
  Sample sample = {};
  ThisSampler().sample(isolate, registers, frames, limit, &sample);
  if (sample.frames == 0) return Napi::Number::New(env, 0);
  uint64_t hash = collections;
  for (size_t i = 0; i < sample.frames; i++) hash = Mix(hash, reinterpret_cast<uint64_t>(frames[i]));
  // 52 bits, never 0: a safe integer.
  return Napi::Number::New(env, static_cast<double>((hash >> 12) | 1));
}
