// V8 by name: see uncounted_buffer.h for why.

#include "uncounted_buffer.h"

#include <memory>
#include <new>

#include "engine.h"
#include "stay_loaded.h"

namespace v8 {
// Named so that the types below have the name V8's own has; nothing is known about it.
class BackingStore;
}  // namespace v8

namespace {

using Deleter = void (*)(void* data, size_t length, void* context);

// A unique_ptr<BackingStore> as the C++ ABI returns it: one word, made by the callee where the caller says.
struct StoreResult {
  ~StoreResult() {}
  v8::BackingStore* store;
};

struct BufferEngine {
  StoreResult (*new_store)(void* data, size_t length, Deleter deleter, void* context);
  Deleter empty_deleter;
  void (*destroy_store)(v8::BackingStore* store);
  napi_value (*new_buffer)(v8::Isolate* isolate, std::shared_ptr<v8::BackingStore> store);
  v8::Isolate* (*current_isolate)();

  bool complete() const {
    return new_store && empty_deleter && destroy_store && new_buffer && current_isolate;
  }
};

BufferEngine FindEngine() {
  BufferEngine engine = {};
  FindInEngine(&engine.new_store, "_ZN2v811ArrayBuffer15NewBackingStoreEPvmPFvS1_mS1_ES1_");
  FindInEngine(&engine.empty_deleter, "_ZN2v812BackingStore12EmptyDeleterEPvmS1_");
  FindInEngine(&engine.destroy_store, "_ZN2v812BackingStoreD1Ev");
  FindInEngine(&engine.new_buffer, "_ZN2v811ArrayBuffer3NewEPNS_7IsolateESt10shared_ptrINS_12BackingStoreEE");
  FindInEngine(&engine.current_isolate, "_ZN2v87Isolate10GetCurrentEv");
  return engine;
}

// Builds with a memory cage end the process on foreign memory: Node-API, which knows, is asked first, with a
// byte that is never freed.
bool AllowsExternalBuffers(Napi::Env env) {
  static uint8_t byte = 0;
  napi_value buffer;
  return napi_create_external_arraybuffer(env, &byte, 1, nullptr, nullptr, &buffer) == napi_ok;
}

}  // namespace

Napi::Value NewUncountedBuffer(Napi::Env env, void* data, size_t length, UncountedFinalizer finalizer,
                               void* hint) {
  static const BufferEngine engine = FindEngine();
  // The engine lets go of a buffer at the end of its isolate. A worker's isolate ends after the addon was
  // closed, and Node 20 unloads an addon that no other thread uses: our deleter must still be there.
  static const bool possible = engine.complete() && AllowsExternalBuffers(env) && StayLoaded();
  if (!possible) return Napi::Value();
  v8::BackingStore* const store = engine.new_store(data, length, engine.empty_deleter, nullptr).store;
  const auto destroy = engine.destroy_store;
  std::shared_ptr<v8::BackingStore> shared(store, [destroy, finalizer, hint](v8::BackingStore* gone) {
    destroy(gone);
    ::operator delete(static_cast<void*>(gone));
    finalizer(hint);
  });
  return Napi::Value(env, engine.new_buffer(engine.current_isolate(), std::move(shared)));
}
