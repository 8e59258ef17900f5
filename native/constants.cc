// The numbers behind the names, each taken from this platform's headers. A name the platform does not have is
// absent, which is how lib/posix knows that the feature is missing. HWPOISON and SOFT_OFFLINE are left out on
// purpose: they damage the machine's memory, not ours.

#include <fcntl.h>
#include <sys/mman.h>
#ifdef __linux__
#include <linux/memfd.h>
#endif

#include "arguments.h"
#include "exports.h"
#include "range_handle.h"

#define ADD(name) constants[#name] = Napi::Number::New(constants.Env(), static_cast<uint32_t>(name))

// BSD's older spelling, the only one on some platforms.
#if !defined(MAP_ANONYMOUS) && defined(MAP_ANON)
#define MAP_ANONYMOUS MAP_ANON
#endif

// Numbers the kernel has promised for good, for headers older than the kernel; an older kernel answers EINVAL.
#ifdef __linux__
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#endif

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

static void AddMapFlags(Napi::Object constants) {
  ADD(MAP_SHARED);
  ADD(MAP_PRIVATE);
  ADD(MAP_FIXED);
#ifdef MAP_ANONYMOUS
  ADD(MAP_ANONYMOUS);
#endif
#ifdef MAP_FIXED_NOREPLACE
  ADD(MAP_FIXED_NOREPLACE);
#endif
#ifdef MAP_SHARED_VALIDATE
  ADD(MAP_SHARED_VALIDATE);
#endif
#ifdef MAP_NORESERVE
  ADD(MAP_NORESERVE);
#endif
#ifdef MAP_POPULATE
  ADD(MAP_POPULATE);
#endif
#ifdef MAP_NONBLOCK
  ADD(MAP_NONBLOCK);
#endif
#ifdef MAP_LOCKED
  ADD(MAP_LOCKED);
#endif
#ifdef MAP_STACK
  ADD(MAP_STACK);
#endif
#ifdef MAP_GROWSDOWN
  ADD(MAP_GROWSDOWN);
#endif
#ifdef MAP_SYNC
  ADD(MAP_SYNC);
#endif
#ifdef MAP_32BIT
  ADD(MAP_32BIT);
#endif
#ifdef MAP_JIT
  ADD(MAP_JIT);
#endif
#ifdef MAP_HUGETLB
  ADD(MAP_HUGETLB);
#endif
#ifdef MAP_HUGE_SHIFT
  ADD(MAP_HUGE_SHIFT);
#endif
#ifdef MAP_HUGE_MASK
  ADD(MAP_HUGE_MASK);
#endif
#ifdef MAP_HUGE_64KB
  ADD(MAP_HUGE_64KB);
#endif
#ifdef MAP_HUGE_512KB
  ADD(MAP_HUGE_512KB);
#endif
#ifdef MAP_HUGE_1MB
  ADD(MAP_HUGE_1MB);
#endif
#ifdef MAP_HUGE_2MB
  ADD(MAP_HUGE_2MB);
#endif
#ifdef MAP_HUGE_8MB
  ADD(MAP_HUGE_8MB);
#endif
#ifdef MAP_HUGE_16MB
  ADD(MAP_HUGE_16MB);
#endif
#ifdef MAP_HUGE_32MB
  ADD(MAP_HUGE_32MB);
#endif
#ifdef MAP_HUGE_256MB
  ADD(MAP_HUGE_256MB);
#endif
#ifdef MAP_HUGE_512MB
  ADD(MAP_HUGE_512MB);
#endif
#ifdef MAP_HUGE_1GB
  ADD(MAP_HUGE_1GB);
#endif
#ifdef MAP_HUGE_2GB
  ADD(MAP_HUGE_2GB);
#endif
#ifdef MAP_HUGE_16GB
  ADD(MAP_HUGE_16GB);
#endif
}

static void AddAdvice(Napi::Object constants) {
#ifdef MADV_NORMAL
  ADD(MADV_NORMAL);
#endif
#ifdef MADV_RANDOM
  ADD(MADV_RANDOM);
#endif
#ifdef MADV_SEQUENTIAL
  ADD(MADV_SEQUENTIAL);
#endif
#ifdef MADV_WILLNEED
  ADD(MADV_WILLNEED);
#endif
#ifdef MADV_DONTNEED
  ADD(MADV_DONTNEED);
#endif
#ifdef MADV_FREE
  ADD(MADV_FREE);
#endif
#ifdef MADV_REMOVE
  ADD(MADV_REMOVE);
#endif
#ifdef MADV_DONTFORK
  ADD(MADV_DONTFORK);
#endif
#ifdef MADV_DOFORK
  ADD(MADV_DOFORK);
#endif
#ifdef MADV_MERGEABLE
  ADD(MADV_MERGEABLE);
#endif
#ifdef MADV_UNMERGEABLE
  ADD(MADV_UNMERGEABLE);
#endif
#ifdef MADV_HUGEPAGE
  ADD(MADV_HUGEPAGE);
#endif
#ifdef MADV_NOHUGEPAGE
  ADD(MADV_NOHUGEPAGE);
#endif
#ifdef MADV_DONTDUMP
  ADD(MADV_DONTDUMP);
#endif
#ifdef MADV_DODUMP
  ADD(MADV_DODUMP);
#endif
#ifdef MADV_WIPEONFORK
  ADD(MADV_WIPEONFORK);
#endif
#ifdef MADV_KEEPONFORK
  ADD(MADV_KEEPONFORK);
#endif
#ifdef MADV_COLD
  ADD(MADV_COLD);
#endif
#ifdef MADV_PAGEOUT
  ADD(MADV_PAGEOUT);
#endif
#ifdef MADV_POPULATE_READ
  ADD(MADV_POPULATE_READ);
#endif
#ifdef MADV_POPULATE_WRITE
  ADD(MADV_POPULATE_WRITE);
#endif
#ifdef MADV_DONTNEED_LOCKED
  ADD(MADV_DONTNEED_LOCKED);
#endif
#ifdef MADV_COLLAPSE
  ADD(MADV_COLLAPSE);
#endif
#ifdef MADV_GUARD_INSTALL
  ADD(MADV_GUARD_INSTALL);
#endif
#ifdef MADV_GUARD_REMOVE
  ADD(MADV_GUARD_REMOVE);
#endif
#ifdef MADV_FREE_REUSABLE
  ADD(MADV_FREE_REUSABLE);
#endif
#ifdef MADV_FREE_REUSE
  ADD(MADV_FREE_REUSE);
#endif
#ifdef MADV_CAN_REUSE
  ADD(MADV_CAN_REUSE);
#endif
#ifdef MADV_ZERO_WIRED_PAGES
  ADD(MADV_ZERO_WIRED_PAGES);
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

static void AddFileFlags(Napi::Object constants) {
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
