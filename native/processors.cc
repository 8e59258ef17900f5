// Which processors a thread may run on: for measuring, where it matters which ones the kernel believes to
// hold translations of this process.

#ifdef __linux__
#include <sched.h>
#endif

#include <cerrno>

#include "arguments.h"
#include "exports.h"

#ifdef __linux__
namespace {

// What this thread might use before it was kept to one.
thread_local cpu_set_t former;
thread_local bool is_kept = false;

// The one at `index`, counted round; `processors` is not empty.
cpu_set_t OneOf(const cpu_set_t& processors, int index) {
  int skip = index % CPU_COUNT(&processors);
  int processor = 0;
  while (!CPU_ISSET(processor, &processors) || skip-- > 0) ++processor;
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(processor, &one);
  return one;
}

int Keep(int index) {
  if (!is_kept && sched_getaffinity(0, sizeof(former), &former) != 0) return -errno;
  const cpu_set_t wanted = index < 0 ? former : OneOf(former, index);
  if (sched_setaffinity(0, sizeof(wanted), &wanted) != 0) return -errno;
  is_kept = index >= 0;
  return 0;
}

}  // namespace
#endif

Napi::Value KeepToProcessor(const Napi::CallbackInfo& info) {
  Arguments in(info);
  const int index = in.Int("index");
  if (!in.ok()) return in.Refused();
#ifdef __linux__
  return Napi::Number::New(in.env(), Keep(index));
#else
  static_cast<void>(index);
  return Napi::Number::New(in.env(), -ENOTSUP);
#endif
}
