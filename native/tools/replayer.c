/*
 * Replays a trace on the platform's own malloc, in a process that does not touch that heap itself: no stdio,
 * no allocation but the trace's, memory of its own only by mmap, results in shared memory written out by the
 * parent.
 *
 *   replayer MODE [--arena main|thread] [--damage] [--passes N] [--rounds N] [--timeout SECONDS] [--image
 * FILE] < PROGRAM
 *
 * MODE is placements, footprint, time or syscalls. The program is a file made by lib/compare/program.ts. Exit
 * code 0: answered, also when the replay ended in an abort, which the answer tells. 2: wrong usage or bad
 * program.
 */
#include <string.h>
#include <unistd.h>

#include "replayer/modes.h"
#include "replayer/text.h"

extern char** environ;

int refuse(const char* message) {
  char bytes[640];
  struct text text = {0, sizeof bytes, bytes};
  text_string(&text, "replayer: ");
  text_string(&text, message);
  text_string(&text, "\n");
  text_write(&text, STDERR_FILENO);
  return 2;
}

/* glibc before 2.36 writes its abort message to the terminal unless told otherwise; setenv would use the
 * heap. */
static void send_abort_messages_to_standard_error(void) {
  enum { kMost = 1022 };
  static char setting[] = "LIBC_FATAL_STDERR_=1";
  static char* changed[kMost + 2];
  size_t count = 0;
  while (environ[count] && count < kMost) {
    changed[count] = environ[count];
    count++;
  }
  changed[count] = setting;
  environ = changed;
}

static bool parse_number(const char* word, unsigned most, unsigned* number) {
  unsigned value = 0;
  if (word == NULL || *word == '\0') return false;
  for (; *word; word++) {
    if (*word < '0' || *word > '9' || value > most) return false;
    value = value * 10 + (unsigned)(*word - '0');
  }
  *number = value;
  return value >= 1 && value <= most;
}

static const char* parse_options(char** words, struct request* request) {
  for (; *words; words++) {
    const char* option = *words;
    if (strcmp(option, "--damage") == 0) {
      request->damage = true;
      continue;
    }
    const char* value = *++words;
    if (value == NULL) return "option without its value, or unknown option";
    if (strcmp(option, "--arena") == 0) {
      request->thread = strcmp(value, "thread") == 0;
      if (!request->thread && strcmp(value, "main") != 0) return "expected main or thread after --arena";
    } else if (strcmp(option, "--passes") == 0) {
      if (!parse_number(value, 10000, &request->passes)) return "expected 1 to 10000 after --passes";
    } else if (strcmp(option, "--rounds") == 0) {
      if (!parse_number(value, 10000, &request->rounds)) return "expected 1 to 10000 after --rounds";
    } else if (strcmp(option, "--timeout") == 0) {
      if (!parse_number(value, 86400, &request->seconds)) return "expected 1 to 86400 after --timeout";
    } else if (strcmp(option, "--image") == 0) {
      request->image = value;
    } else {
      return "unknown option";
    }
  }
  return NULL;
}

int main(int count, char** words) {
  struct request request = {.passes = 1, .rounds = 1, .seconds = 120};
  if (count < 2) return refuse("expected a mode: placements, footprint, time or syscalls");
  const char* wrong = parse_options(words + 2, &request);
  if (wrong == NULL) wrong = program_map(&request.program, STDIN_FILENO);
  if (wrong) return refuse(wrong);
  send_abort_messages_to_standard_error();
  if (strcmp(words[1], "placements") == 0) return mode_placements(&request);
  if (strcmp(words[1], "footprint") == 0) return mode_footprint(&request);
  if (strcmp(words[1], "time") == 0) return mode_time(&request);
  if (strcmp(words[1], "syscalls") == 0) return mode_syscalls(&request);
  return refuse("unknown mode");
}
