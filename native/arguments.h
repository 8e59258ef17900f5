// The only converter from JavaScript values to C++ numbers.
//
// Guarantees: NaN, fractions, negatives and values that do not fit are refused by a thrown TypeError or
// RangeError that names the argument; nothing is ever squeezed through an int32 in between. Arguments are
// read in order; after the first refusal the rest read as zero and ok() is false, so a call looks like
//
//   Arguments in(info);
//   const size_t length = in.Size("lengthBytes");
//   if (!in.ok()) return in.Refused();

#ifndef NATIVE_ARGUMENTS_H_
#define NATIVE_ARGUMENTS_H_

#include <napi.h>
#include <sys/types.h>

#include <climits>
#include <cmath>
#include <cstdint>
#include <string>

class Arguments {
 public:
  explicit Arguments(const Napi::CallbackInfo& info) : info_(info), env_(info.Env()) {}

  // A byte count: a safe integer, or a BigInt below 2^64.
  size_t Size(const char* name) { return Unsigned(name, Next(), SIZE_MAX); }

  // An address: likewise.
  uintptr_t Address(const char* name) { return Unsigned(name, Next(), UINTPTR_MAX); }

  // A place in a file, below 2^63.
  off_t FileOffset(const char* name) { return static_cast<off_t>(Unsigned(name, Next(), INT64_MAX)); }

  // A set of flags: 0 to 2^32 - 1, because the topmost flags of mmap use bit 31.
  int Flags(const char* name) { return static_cast<int>(static_cast<uint32_t>(Whole(name, 0, UINT32_MAX))); }

  // An int as C has it; negative ones are for the system to judge (fd -1 means "no file").
  int Int(const char* name) { return static_cast<int>(Whole(name, INT_MIN, INT_MAX)); }

  // Text for the system, as UTF-8; a NUL would cut it short unseen.
  std::string Text(const char* name) {
    const Napi::Value value = Next();
    if (!ok_) return {};
    if (!value.IsString()) return Refuse(name, "a string", value, false), std::string();
    std::string text = value.As<Napi::String>().Utf8Value();
    if (text.find('\0') != std::string::npos) Refuse(name, "a string without NUL", value, true);
    return text;
  }

  // A Uint8Array, for the system to fill.
  Napi::Uint8Array Bytes(const char* name) {
    const Napi::Value value = Next();
    if (!ok_) return {};
    if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array) {
      return value.As<Napi::Uint8Array>();
    }
    return Refuse(name, "a Uint8Array", value, false), Napi::Uint8Array();
  }

  // The next argument as it is; undefined when there are no more.
  Napi::Value Next() { return info_[index_++]; }

  // Throws TypeError, or RangeError for a value of the right type, unless something was refused before.
  void Refuse(const char* name, const std::string& expected, Napi::Value actual, bool right_type) {
    if (!ok_) return;
    ok_ = false;
    const std::string message = "expected " + expected + " for " + name + " but received " + Describe(actual);
    if (right_type) {
      napi_throw_range_error(env_, "ERR_OUT_OF_RANGE", message.c_str());
    } else {
      napi_throw_type_error(env_, "ERR_INVALID_ARG_TYPE", message.c_str());
    }
  }

  // Throws an Error of another kind: a state that forbids the call.
  void Fail(const char* code, const char* message) {
    if (!ok_) return;
    ok_ = false;
    napi_throw_error(env_, code, message);
  }

  // Throws RangeError: bytes [offset, offset + length) leave a range of `limit` bytes.
  void OutOfRange(size_t offset, size_t length, size_t limit) {
    if (!ok_) return;
    ok_ = false;
    const std::string message = std::to_string(length) + " bytes at offset " + std::to_string(offset) +
                                " leave the mapping of " + std::to_string(limit) + " bytes";
    napi_throw_range_error(env_, "ERR_OUT_OF_RANGE", message.c_str());
  }

  bool ok() const { return ok_; }
  Napi::Value Refused() const { return env_.Undefined(); }
  Napi::Env env() const { return env_; }

 private:
  static constexpr double kMaxSafeInteger = 9007199254740991.0;

  uint64_t Unsigned(const char* name, Napi::Value value, uint64_t maximum) {
    if (!ok_) return 0;
    if (!value.IsBigInt()) return static_cast<uint64_t>(Checked(name, value, 0, kMaxSafeInteger));
    bool lossless = false;
    const uint64_t result = value.As<Napi::BigInt>().Uint64Value(&lossless);
    if (lossless && result <= maximum) return result;
    Refuse(name, "an integer from 0 to " + std::to_string(maximum), value, true);
    return 0;
  }

  int64_t Whole(const char* name, double minimum, double maximum) {
    const Napi::Value value = Next();
    return ok_ ? static_cast<int64_t>(Checked(name, value, minimum, maximum)) : 0;
  }

  double Checked(const char* name, Napi::Value value, double minimum, double maximum) {
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    // Written so that NaN fails it.
    if (number >= minimum && number <= maximum && std::trunc(number) == number) return number;
    Refuse(name, "an integer from " + Digits(minimum) + " to " + Digits(maximum), value, value.IsNumber());
    return 0;
  }

  static std::string Digits(double whole) { return std::to_string(static_cast<int64_t>(whole)); }

  // Never runs user code: only primitives are turned into text, all else is named by its type.
  std::string Describe(Napi::Value value) const {
    if (value.IsNumber() || value.IsUndefined() || value.IsNull() || value.IsBoolean())
      return value.ToString();
    if (value.IsBigInt()) return value.ToString().Utf8Value() + "n";
    if (value.IsString()) return "a string";
    if (value.IsFunction()) return "a function";
    return value.IsSymbol() ? "a symbol" : "an object";
  }

  const Napi::CallbackInfo& info_;
  Napi::Env env_;
  size_t index_ = 0;
  bool ok_ = true;
};

#endif  // NATIVE_ARGUMENTS_H_
