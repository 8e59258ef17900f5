// Flags of mmap and advice of madvise, of which platforms and kernels differ most.

#include <sys/mman.h>

#include "constants.h"

// BSD's older spelling, the only one on some platforms.
#if !defined(MAP_ANONYMOUS) && defined(MAP_ANON)
#define MAP_ANONYMOUS MAP_ANON
#endif

// Numbers the kernel has promised for good, for headers older than the kernel; an older kernel answers
// EINVAL.
#ifdef __linux__
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif
#endif

void AddMapFlags(Napi::Object constants) {
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

void AddAdvice(Napi::Object constants) {
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
