/* Fork, wait, and put the end of a child into words; see child.h. */
#include "child.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct thread_call {
  child_body* body;
  void* context;
};

static void* thread_main(void* argument) {
  struct thread_call* call = argument;
  call->body(call->context);
  return NULL;
}

void child_perform(child_body* body, void* context, bool in_thread, unsigned seconds) {
  alarm(seconds);
  if (in_thread) {
    struct thread_call call = {body, context};
    pthread_t thread;
    if (pthread_create(&thread, NULL, thread_main, &call) != 0) _exit(3);
    pthread_join(thread, NULL);
  } else {
    body(context);
  }
  _exit(0);
}

/* Reads to the end; keeps the beginning. */
static size_t drain(int descriptor, char* words, size_t limit) {
  size_t kept = 0;
  for (;;) {
    char piece[512];
    ssize_t count = read(descriptor, piece, sizeof piece);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return kept;
    size_t room = (size_t)count < limit - kept ? (size_t)count : limit - kept;
    memcpy(words + kept, piece, room);
    kept += room;
  }
}

static const char* signal_word(int number) {
  switch (number) {
    case SIGSEGV:
    case SIGBUS: /* x86 has it for a wild address in some registers */
      return "SEGV";
    case SIGALRM:
      return "TIMEOUT";
    case SIGABRT:
      return "ABORT";
    case SIGKILL:
      return "KILL";
    default:
      return "SIGNAL";
  }
}

void child_ending(int status, const char* words, size_t length, struct ending* ending) {
  memset(ending, 0, sizeof *ending);
  ending->clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (ending->clean) return;
  const char* newline = memchr(words, '\n', length);
  size_t line = newline ? (size_t)(newline - words) : length;
  if (!WIFSIGNALED(status)) {
    strncpy(ending->message, "EXIT", sizeof ending->message - 1);
  } else if (WTERMSIG(status) == SIGABRT && line > 0) {
    memcpy(ending->message, words, line < sizeof ending->message ? line : sizeof ending->message - 1);
  } else {
    strncpy(ending->message, signal_word(WTERMSIG(status)), sizeof ending->message - 1);
  }
}

void child_run(child_body* body, void* context, bool in_thread, unsigned seconds, struct ending* ending) {
  int ends[2];
  memset(ending, 0, sizeof *ending);
  pid_t child = pipe(ends) == 0 ? fork() : -1;
  if (child < 0) {
    strncpy(ending->message, "FORK", sizeof ending->message - 1);
    return;
  }
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    child_perform(body, context, in_thread, seconds);
  }
  close(ends[1]);
  char words[512];
  size_t length = drain(ends[0], words, sizeof words);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  child_ending(status, words, length, ending);
}
