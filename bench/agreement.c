/*
 * The same calls as six cases of `chunkyard costs`, timed the way lmbench does it and without a line of the
 * addon: calibrate the number of repetitions until a run takes long enough, run it again and again, keep the
 * least. Prints a name and nanoseconds per line. Built and run by agreement.bench.mjs.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#ifndef MAP_ANONYMOUS
#define MAP_ANONYMOUS MAP_ANON
#endif

enum { kTries = 1500, kFaultPages = 512 };
static const double kEnoughNs = 100000;

static long page;
static char* fenced;
static char* fresh;

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e9 + now.tv_nsec;
}

static void die(const char* what) {
  perror(what);
  exit(1);
}

static char* map(size_t bytes, int protection) {
  char* base = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (base == MAP_FAILED) die("mmap");
  return base;
}

static void null_call(long count) {
  while (count-- > 0) getppid();
}

static void map_unmap(long count, size_t bytes) {
  while (count-- > 0) munmap(map(bytes, PROT_READ | PROT_WRITE), bytes);
}

static void map_unmap_4k(long count) {
  map_unmap(count, 4096);
}

static void map_unmap_64k(long count) {
  map_unmap(count, 65536);
}

static void protect(long count) {
  for (; count > 0; count -= 2) {
    if (mprotect(fenced, page, PROT_READ) != 0) die("mprotect");
    if (mprotect(fenced, page, PROT_READ | PROT_WRITE) != 0) die("mprotect");
  }
}

#ifdef __linux__
static void move_break(long count) {
  for (; count > 0; count -= 2) {
    if (sbrk(page) == (void*)-1) die("sbrk");
    if (sbrk(-page) == (void*)-1) die("sbrk");
  }
}
#endif

static void write_faults(long count) {
  for (long i = 0; i < count; i++) ((volatile char*)fresh)[i * page] = 1;
}

static void report(const char* name, void (*run)(long)) {
  long count = 2;
  double least;
  for (;; count *= 2) {
    double start = now_ns();
    run(count);
    least = now_ns() - start;
    if (least >= kEnoughNs) break;
  }
  for (int i = 0; i < kTries; i++) {
    double start = now_ns();
    run(count);
    double took = now_ns() - start;
    if (took < least) least = took;
  }
  printf("%s %.2f\n", name, least / count);
}

/* Every page can be met for the first time only once: a new mapping for each try. */
static void report_faults(void) {
  double least = 1e18;
  for (int i = 0; i < kTries; i++) {
    fresh = map(kFaultPages * page, PROT_READ | PROT_WRITE);
#ifdef MADV_NOHUGEPAGE
    madvise(fresh, kFaultPages * page, MADV_NOHUGEPAGE);
#endif
    for (long done = 0; done < kFaultPages; done += 64) {
      double start = now_ns();
      write_faults(64);
      double took = now_ns() - start;
      if (took < least) least = took;
      fresh += 64 * page;
    }
    munmap(fresh - kFaultPages * page, kFaultPages * page);
  }
  printf("touch-write-page %.2f\n", least / 64);
}

int main(void) {
  page = sysconf(_SC_PAGESIZE);
  report("null-call", null_call);
  /* First of all: whatever this program maps before could become a neighbour, and change the cost. */
  report("mmap-munmap-4k", map_unmap_4k);
  report("mmap-munmap-64k", map_unmap_64k);
  /* Between two pages without access, so that the flip merges with nothing. */
  char* fence = map(3 * page, PROT_NONE);
  fenced = fence + page;
  if (mprotect(fenced, page, PROT_READ | PROT_WRITE) != 0) die("mprotect");
  *fenced = 1;
  report("mprotect-flip", protect);
#ifdef __linux__
  report("brk-page", move_break);
#endif
  report_faults();
  return 0;
}
