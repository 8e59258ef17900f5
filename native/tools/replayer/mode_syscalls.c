/*
 * `syscalls`: which system calls the heap makes, and how often. A parent stops the child at every call and
 * counts those made while the loop runs. Linux only; where tracing is forbidden the answer is `unavailable`.
 */
#define _GNU_SOURCE
#include <unistd.h>

#include "arena.h"
#include "child.h"
#include "modes.h"
#include "runs.h"

static int unavailable(const char* reason) {
  char bytes[128];
  struct text text = {0, sizeof bytes, bytes};
  text_string(&text, "unavailable ");
  text_string(&text, reason);
  text_string(&text, "\n");
  return text_write(&text, STDOUT_FILENO) == 0 ? 0 : 1;
}

#if defined(__linux__)

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#if defined(PTRACE_GET_SYSCALL_INFO) || defined(__GLIBC__)
#define HAVE_SYSCALL_INFO 1
#endif
#endif

#if defined(HAVE_SYSCALL_INFO)

#include <linux/ptrace.h>

enum { kCalls = 1024 };

struct counted {
  const struct request* request;
  void** blocks;
  volatile int* running; /* shared: set by the child around the loop */
};

static void counted_body(void* context) {
  struct counted* counted = context;
  *counted->running = 1;
  run_bare(&counted->request->program, counted->blocks);
  *counted->running = 0;
}

static void traced_child(struct counted* counted) {
  if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0) _exit(77);
  raise(SIGSTOP);
  child_perform(counted_body, counted, counted->request->thread, counted->request->seconds);
}

static void note_call(pid_t child, uint64_t* counts) {
  struct ptrace_syscall_info info;
  if (ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof info, &info) <= 0) return;
  if (info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr < kCalls) counts[info.entry.nr]++;
}

/* Follows the child and its threads to the end. Returns the child's status. */
static int follow(pid_t first, const struct counted* counted, uint64_t* counts) {
  for (;;) {
    int status;
    pid_t stopped = waitpid(-1, &status, __WALL);
    if (stopped < 0) return -1;
    if (!WIFSTOPPED(status)) {
      if (stopped == first) return status;
      continue;
    }
    int number = WSTOPSIG(status);
    bool at_call = number == (SIGTRAP | 0x80);
    if (at_call && *counted->running) note_call(stopped, counts);
    /* A new thread starts with SIGSTOP, a clone is reported with SIGTRAP: neither is a signal of the program.
     */
    bool ours = at_call || number == SIGTRAP || number == SIGSTOP;
    ptrace(PTRACE_SYSCALL, stopped, NULL, (void*)(intptr_t)(ours ? 0 : number));
  }
}

static const char* call_name(unsigned number) {
  switch (number) {
    case SYS_brk:
      return "brk";
    case SYS_mmap:
      return "mmap";
    case SYS_munmap:
      return "munmap";
    case SYS_mremap:
      return "mremap";
    case SYS_mprotect:
      return "mprotect";
    case SYS_madvise:
      return "madvise";
    case SYS_futex:
      return "futex";
    case SYS_getrandom:
      return "getrandom";
    case SYS_openat:
      return "openat";
    case SYS_read:
      return "read";
    case SYS_close:
      return "close";
    case SYS_sched_getaffinity:
      return "sched_getaffinity";
    case SYS_clock_gettime:
      return "clock_gettime";
    case SYS_prctl:
      return "prctl";
    case SYS_sysinfo:
      return "sysinfo";
    case SYS_write:
      return "write";
#if defined(SYS_access)
    case SYS_access:
      return "access";
    case SYS_readlink:
      return "readlink";
#endif
    default:
      return NULL;
  }
}

static int write_counts(const uint64_t* counts) {
  char bytes[4096];
  struct text text = {0, sizeof bytes, bytes};
  for (unsigned number = 0; number < kCalls; number++) {
    if (counts[number] == 0) continue;
    const char* name = call_name(number);
    if (name) {
      text_string(&text, name);
    } else {
      text_string(&text, "call-");
      text_unsigned(&text, number);
    }
    text_string(&text, " ");
    text_unsigned(&text, counts[number]);
    text_string(&text, "\n");
  }
  return text_write(&text, STDOUT_FILENO) == 0 ? 0 : 1;
}

int mode_syscalls(const struct request* request) {
  struct counted counted = {.request = request};
  counted.running = own_pages(sizeof *counted.running, true);
  counted.blocks = own_pages((request->program.header->blocks + 1) * sizeof(void*), false);
  if (counted.running == NULL || counted.blocks == NULL) return refuse("no memory for the table of blocks");
  struct arena arena = {.thread = request->thread};
  arena_prepare(&arena);
  pid_t child = fork();
  if (child < 0) return unavailable("no child could be started");
  if (child == 0) traced_child(&counted);
  int status;
  if (waitpid(child, &status, __WALL) != child || !WIFSTOPPED(status))
    return unavailable("tracing is not permitted");
  long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
  if (ptrace(PTRACE_SETOPTIONS, child, NULL, (void*)options) != 0) return unavailable("tracing is refused");
  static uint64_t counts[kCalls];
  ptrace(PTRACE_SYSCALL, child, NULL, NULL);
  status = follow(child, &counted, counts);
  struct ending ending;
  child_ending(status, "", 0, &ending);
  return ending.clean ? write_counts(counts) : refuse(ending.message);
}

#else

int mode_syscalls(const struct request* request) {
  (void)request;
  return unavailable("this system has no way to count them");
}

#endif
