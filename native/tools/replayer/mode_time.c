/*
 * `time`: the bare loop under a stopwatch. Every pass is a fresh child; what happens before and after the
 * loop is outside the clock: start of the process, the table of pointers and the program (both touched),
 * freeing leftovers.
 */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "child.h"
#include "libc_calls.h"
#include "modes.h"
#include "runs.h"

struct round {
  uint64_t cpu_ns;
  uint64_t wall_ns;
  uint64_t minor_faults;
};

struct timed {
  const struct request* request;
  void** blocks;
  struct round* rounds;
};

static uint64_t clock_ns(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t minor_faults(void) {
  struct rusage usage;
#if defined(RUSAGE_THREAD)
  getrusage(RUSAGE_THREAD, &usage);
#else
  getrusage(RUSAGE_SELF, &usage);
#endif
  return (uint64_t)usage.ru_minflt;
}

static void touch(const struct timed* timed) {
  const struct program* program = &timed->request->program;
  volatile uint8_t sink = 0;
  for (uint64_t index = 0; index < program->header->records; index++) sink ^= program->records[index].opcode;
  for (uint32_t id = 0; id <= program->header->blocks; id++) ((void* volatile*)timed->blocks)[id] = NULL;
}

static void free_leftovers(const struct timed* timed) {
  for (uint32_t id = 0; id < timed->request->program.header->blocks; id++) {
    free(timed->blocks[id]);
    timed->blocks[id] = NULL;
  }
}

static void timed_body(void* context) {
  struct timed* timed = context;
  touch(timed);
  for (unsigned index = 0; index < timed->request->rounds; index++) {
    uint64_t faults = minor_faults();
    uint64_t wall = clock_ns(CLOCK_MONOTONIC);
    uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    run_bare(&timed->request->program, timed->blocks);
    timed->rounds[index].cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    timed->rounds[index].wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    timed->rounds[index].minor_faults = minor_faults() - faults;
    if (index + 1 < timed->request->rounds) free_leftovers(timed);
  }
}

static void write_rounds(const struct timed* timed, unsigned pass) {
  for (unsigned index = 0; index < timed->request->rounds; index++) {
    char bytes[160];
    struct text text = {0, sizeof bytes, bytes};
    const uint64_t numbers[] = {pass, index, timed->rounds[index].cpu_ns, timed->rounds[index].wall_ns,
                                timed->rounds[index].minor_faults};
    static const char* const keys[] = {"pass ", " round ", " cpu-ns ", " wall-ns ", " minor-faults "};
    for (size_t key = 0; key < sizeof keys / sizeof *keys; key++) {
      text_string(&text, keys[key]);
      text_unsigned(&text, numbers[key]);
    }
    text_string(&text, "\n");
    text_write(&text, STDOUT_FILENO);
  }
}

int mode_time(const struct request* request) {
  struct timed timed = {.request = request};
  timed.rounds = own_pages(request->rounds * sizeof *timed.rounds, true);
  timed.blocks = own_pages((request->program.header->blocks + 1) * sizeof(void*), false);
  if (timed.rounds == NULL || timed.blocks == NULL) return refuse("no memory for the table of blocks");
  struct arena arena = {.thread = request->thread};
  arena_prepare(&arena);
  for (unsigned pass = 0; pass < request->passes; pass++) {
    struct ending ending;
    child_run(timed_body, &timed, request->thread, request->seconds, &ending);
    if (!ending.clean) return refuse(ending.message);
    write_rounds(&timed, pass);
  }
  return 0;
}
