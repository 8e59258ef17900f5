// Functions that do next to nothing, for timing the way from JavaScript to the addon and back: through the
// bare Node-API as far as that shows the least that is possible, and as all other functions here are called.

#include <node_api.h>
#include <unistd.h>

#include "exports.h"

namespace {

napi_value Nothing(napi_env, napi_callback_info) {
  return nullptr;
}

// A number in, the same number out.
napi_value NumberBack(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  double number = 0;
  napi_value result = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_double(env, argument, &number);
  napi_create_double(env, number, &result);
  return result;
}

napi_value BigIntBack(napi_env env, napi_callback_info info) {
  size_t count = 1;
  napi_value argument = nullptr;
  uint64_t number = 0;
  bool lossless = false;
  napi_value result = nullptr;
  napi_get_cb_info(env, info, &count, &argument, nullptr, nullptr);
  napi_get_value_bigint_uint64(env, argument, &number, &lossless);
  napi_create_bigint_uint64(env, number, &result);
  return result;
}

napi_value Throw(napi_env env, napi_callback_info) {
  napi_throw_error(env, "ERR_CROSSING", "thrown to be timed");
  return nullptr;
}

napi_value ParentId(napi_env env, napi_callback_info) {
  napi_value result = nullptr;
  napi_create_int32(env, getppid(), &result);
  return result;
}

Napi::Value AddonApiNothing(const Napi::CallbackInfo& info) {
  return info.Env().Undefined();
}

void Bare(Napi::Object crossings, const char* name, napi_callback function) {
  napi_value value = nullptr;
  napi_create_function(crossings.Env(), name, NAPI_AUTO_LENGTH, function, nullptr, &value);
  crossings.Set(name, value);
}

}  // namespace

Napi::Object Crossings(Napi::Env env) {
  Napi::Object crossings = Napi::Object::New(env);
  Bare(crossings, "bare", Nothing);
  Bare(crossings, "number", NumberBack);
  Bare(crossings, "bigint", BigIntBack);
  Bare(crossings, "fail", Throw);
  Bare(crossings, "parentId", ParentId);
  crossings["addonApi"] = Napi::Function::New<AddonApiNothing>(env, "addonApi");
  return crossings;
}
