/* Forked children: each replay has a fresh heap of its own, and may die of it. */
#ifndef CHUNKYARD_REPLAYER_CHILD_H_
#define CHUNKYARD_REPLAYER_CHILD_H_

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* How a child ended. */
struct ending {
  bool clean;
  char message[512]; /* if not: glibc's abort message, SEGV, TIMEOUT or the name of the signal */
};

/* What a child does; `context` is the caller's. */
typedef void child_body(void* context);

/* Forks, runs `body` and waits; after `seconds` the child is stopped. `in_thread`: on a second thread of it.
 */
void child_run(child_body* body, void* context, bool in_thread, unsigned seconds, struct ending* ending);

/* The part of child_run that happens in the child: run, then leave without a word. */
void child_perform(child_body* body, void* context, bool in_thread, unsigned seconds)
    __attribute__((noreturn));

/* Turns a wait status and what the child wrote on its standard error into an ending. */
void child_ending(int status, const char* words, size_t length, struct ending* ending);

#endif
