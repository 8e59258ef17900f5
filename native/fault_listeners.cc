// Waking JavaScript: see fault_listeners.h.

#include "fault_listeners.h"

#include <algorithm>
#include <mutex>
#include <vector>

namespace {

// Deleted by its finalizer.
struct Listener {
  napi_env env;
  napi_threadsafe_function function;
};

// Never destroyed: environments end after static objects do.
auto* const listeners = new std::vector<Listener*>();
auto* const lock = new std::mutex();

// Also when the environment ends: from here on nobody calls it.
void OnFinalized(napi_env, void* data, void*) {
  auto* const listener = static_cast<Listener*>(data);
  const std::lock_guard<std::mutex> hold(*lock);
  listeners->erase(std::remove(listeners->begin(), listeners->end(), listener), listeners->end());
  delete listener;
}

// The function of an environment, which nobody calls from now on; null if it has none.
napi_threadsafe_function Take(napi_env env) {
  const std::lock_guard<std::mutex> hold(*lock);
  for (auto at = listeners->begin(); at != listeners->end(); ++at) {
    if ((*at)->env != env) continue;
    napi_threadsafe_function const function = (*at)->function;
    listeners->erase(at);
    return function;
  }
  return nullptr;
}

}  // namespace

void ListenForFaults(Napi::Env env, Napi::Value callback) {
  napi_threadsafe_function const old = Take(env);
  if (old != nullptr) napi_release_threadsafe_function(old, napi_tsfn_abort);
  if (!callback.IsFunction()) return;

  auto* const listener = new Listener{env, nullptr};
  const Napi::String name = Napi::String::New(env, "chunkyard faults");
  // One waiting call stands for all hits since the last.
  const napi_status status = napi_create_threadsafe_function(
      env, callback, nullptr, name, 1, 1, listener, OnFinalized, nullptr, nullptr, &listener->function);
  if (status != napi_ok) {
    delete listener;
    return;
  }
  napi_unref_threadsafe_function(env, listener->function);
  const std::lock_guard<std::mutex> hold(*lock);
  listeners->push_back(listener);
}

void WakeFaultListeners() {
  const std::lock_guard<std::mutex> hold(*lock);
  for (const Listener* listener : *listeners) {
    napi_call_threadsafe_function(listener->function, nullptr, napi_tsfn_nonblocking);
  }
}
