// The numbers behind the names, each taken from this platform's headers. A name the platform does not have is
// absent, which is how lib/posix knows that the feature is missing. HWPOISON and SOFT_OFFLINE are left out on
// purpose: they damage the machine's memory, not ours.

#include "constants.h"

#include <fcntl.h>
#include <sys/mman.h>
#ifdef __linux__
#include <linux/memfd.h>
#endif

#include "exports.h"
#include "range_handle.h"

static void AddProtections(Napi::Object constants) {
  ADD(PROT_NONE);
  ADD(PROT_READ);
  ADD(PROT_WRITE);
  ADD(PROT_EXEC);
#ifdef PROT_GROWSDOWN
  ADD(PROT_GROWSDOWN);
#endif
#ifdef PROT_GROWSUP
  ADD(PROT_GROWSUP);
#endif
}

static void AddSyncAndResizeFlags(Napi::Object constants) {
#ifdef MS_ASYNC
  ADD(MS_ASYNC);
#endif
#ifdef MS_SYNC
  ADD(MS_SYNC);
#endif
#ifdef MS_INVALIDATE
  ADD(MS_INVALIDATE);
#endif
#ifdef MREMAP_MAYMOVE
  ADD(MREMAP_MAYMOVE);
#endif
#ifdef MREMAP_FIXED
  ADD(MREMAP_FIXED);
#endif
#ifdef MREMAP_DONTUNMAP
  ADD(MREMAP_DONTUNMAP);
#endif
}

static void AddFileFlags([[maybe_unused]] Napi::Object constants) {
#ifdef MFD_CLOEXEC
  ADD(MFD_CLOEXEC);
#endif
#ifdef MFD_ALLOW_SEALING
  ADD(MFD_ALLOW_SEALING);
#endif
#ifdef MFD_HUGETLB
  ADD(MFD_HUGETLB);
#endif
#ifdef MFD_NOEXEC_SEAL
  ADD(MFD_NOEXEC_SEAL);
#endif
#ifdef MFD_EXEC
  ADD(MFD_EXEC);
#endif
#ifdef F_SEAL_SEAL
  ADD(F_SEAL_SEAL);
#endif
#ifdef F_SEAL_SHRINK
  ADD(F_SEAL_SHRINK);
#endif
#ifdef F_SEAL_GROW
  ADD(F_SEAL_GROW);
#endif
#ifdef F_SEAL_WRITE
  ADD(F_SEAL_WRITE);
#endif
#ifdef F_SEAL_FUTURE_WRITE
  ADD(F_SEAL_FUTURE_WRITE);
#endif
#ifdef F_SEAL_EXEC
  ADD(F_SEAL_EXEC);
#endif
}

Napi::Object Constants(Napi::Env env) {
  Napi::Object constants = Napi::Object::New(env);
  AddProtections(constants);
  AddMapFlags(constants);
  AddAdvice(constants);
  AddSyncAndResizeFlags(constants);
  AddFileFlags(constants);
#ifdef __GLIBC__
  ADD(__GLIBC__);  // Its sbrk moves the break that its malloc grows; others refuse.
#endif
  return constants;
}

Napi::Value PageSize(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(SystemPageSize()));
}
