/* Threads that hand a program on from one to the next; see relay.h. */
#include "relay.h"

#include <pthread.h>

/* Whose turn it is; nobody's at first, thread 0's at the end. */
enum { kNobody = -1 };

struct runner {
  pthread_cond_t woken;
  const struct relay* relay;
  int32_t id;
};

/* Static: the heap under study belongs to the program. */
static struct runner runners[kMostThreads];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t is_warm = PTHREAD_COND_INITIALIZER;
static int32_t turn = kNobody;
static uint32_t warm;
static uint64_t next_record;
static bool is_done;

static void give_turn(int32_t id) {
  pthread_mutex_lock(&lock);
  turn = id;
  pthread_cond_signal(&runners[id].woken);
  pthread_mutex_unlock(&lock);
}

static void wait_for_turn(struct runner* runner) {
  pthread_mutex_lock(&lock);
  while (turn != runner->id) pthread_cond_wait(&runner->woken, &lock);
  turn = kNobody;
  pthread_mutex_unlock(&lock);
}

/* Runs until the trace goes over to another thread, and wakes that one. */
static void take_turn(const struct relay* relay) {
  const struct program* program = relay->program;
  next_record = run_watched(program, next_record, relay->blocks, relay->arena, relay->watch);
  is_done = next_record >= program->header->records;
  give_turn(is_done ? 0 : program->records[next_record++].id);
}

/* A stack whose first pages are there already is not counted as the heap's. */
static void warm_stack(void) {
  volatile char room[32768];
  for (size_t at = 0; at < sizeof room; at += 4096) room[at] = 1;
}

static void* runner_main(void* argument) {
  struct runner* runner = argument;
  warm_stack();
  pthread_mutex_lock(&lock);
  warm++;
  pthread_cond_signal(&is_warm);
  pthread_mutex_unlock(&lock);
  for (;;) {
    wait_for_turn(runner);
    take_turn(runner->relay);
  }
  return NULL;
}

static bool start_runner(struct runner* runner) {
  pthread_t thread;
  if (pthread_create(&thread, NULL, runner_main, runner) != 0) return false;
  pthread_mutex_lock(&lock);
  while (warm < (uint32_t)runner->id) pthread_cond_wait(&is_warm, &lock);
  pthread_mutex_unlock(&lock);
  return true;
}

bool relay_run(const struct relay* relay) {
  for (uint32_t id = 0; id < relay->program->threads; id++) {
    runners[id].relay = relay;
    runners[id].id = (int32_t)id;
    pthread_cond_init(&runners[id].woken, NULL);
    if (id > 0 && !start_runner(&runners[id])) return false;
  }
  warm_stack();
  if (relay->watch->timeline) timeline_begin(relay->watch->timeline);
  take_turn(relay);
  for (;;) {
    wait_for_turn(&runners[0]);
    if (is_done) return true;
    take_turn(relay);
  }
}
