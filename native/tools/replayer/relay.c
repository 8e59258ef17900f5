/* Threads that hand a program on from one to the next; see relay.h. */
#include "relay.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>

struct runner {
  sem_t turn;
  const struct relay* relay;
};

/* Static: the heap under study belongs to the program. */
static struct runner runners[kMostThreads];
static uint64_t next_record;
static bool is_done;

static void wait_for(sem_t* semaphore) {
  while (sem_wait(semaphore) != 0 && errno == EINTR) continue;
}

/* Runs until the trace goes over to another thread, and wakes that one. */
static void take_turn(const struct relay* relay) {
  const struct program* program = relay->program;
  next_record = run_watched(program, next_record, relay->blocks, relay->arena, relay->watch);
  is_done = next_record >= program->header->records;
  if (is_done) {
    sem_post(&runners[0].turn);
    return;
  }
  const struct operation* change = &program->records[next_record++];
  sem_post(&runners[change->id].turn);
}

/* A stack whose first pages are there already is not counted as the heap's. */
static void warm_stack(void) {
  volatile char room[32768];
  for (size_t at = 0; at < sizeof room; at += 4096) room[at] = 1;
}

static sem_t is_warm;

static void* runner_main(void* argument) {
  struct runner* runner = argument;
  warm_stack();
  sem_post(&is_warm);
  for (;;) {
    wait_for(&runner->turn);
    take_turn(runner->relay);
  }
  return NULL;
}

bool relay_run(const struct relay* relay) {
  sem_init(&is_warm, 0, 0);
  for (uint32_t id = 0; id < relay->program->threads; id++) {
    runners[id].relay = relay;
    sem_init(&runners[id].turn, 0, 0);
    pthread_t thread;
    if (id == 0) continue;
    if (pthread_create(&thread, NULL, runner_main, &runners[id]) != 0) return false;
    wait_for(&is_warm);
  }
  warm_stack();
  if (relay->watch->timeline) timeline_begin(relay->watch->timeline);
  take_turn(relay);
  for (;;) {
    wait_for(&runners[0].turn);
    if (is_done) return true;
    take_turn(relay);
  }
}
