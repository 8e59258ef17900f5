/*
 * Replays a trace on the platform's own malloc, in a process that does not touch that heap itself: no stdio,
 * no allocation but the trace's, memory of its own only by mmap, results in shared memory written out by the
 * parent.
 *
 *   replayer MODE [--arena main|thread] [--threads] [--damage] [--passes N] [--rounds N] [--timeout SECONDS]
 *     [--image FILE] [--every N] [--also-at N] [--touch] < PROGRAM
 *
 * MODE is placements, footprint, timeline, time or syscalls. The program is a file made by
 * lib/compare/program.ts. Exit code 0: answered, also when the replay ended in an abort, which the answer
 * tells. 2: wrong usage or bad program.
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

static bool parse_flag(const char* option, struct request* request) {
  if (strcmp(option, "--damage") == 0) return request->damage = true;
  if (strcmp(option, "--threads") == 0) return request->threads = true;
  if (strcmp(option, "--touch") == 0) return request->touch = true;
  return false;
}

/* The options that take a number from 1 up. */
static const char* parse_numeric(const char* option, const char* value, struct request* request) {
  const struct {
    const char* name;
    unsigned most;
    unsigned* number;
  } numbers[] = {
      {"--passes", 10000, &request->passes},        {"--rounds", 10000, &request->rounds},
      {"--timeout", 86400, &request->seconds},      {"--every", 1000000000, &request->every},
      {"--also-at", 1000000000, &request->also_at},
  };
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
    if (strcmp(option, numbers[index].name) != 0) continue;
    if (parse_number(value, numbers[index].most, numbers[index].number)) return NULL;
    return "expected a number in range: 1 to 10000 passes or rounds, 86400 seconds, 1000000000 operations";
  }
  return "unknown option";
}

static const char* parse_options(char** words, struct request* request) {
  for (; *words; words++) {
    const char* option = *words;
    if (parse_flag(option, request)) continue;
    const char* value = *++words;
    if (value == NULL) return "option without its value, or unknown option";
    if (strcmp(option, "--arena") == 0) {
      request->thread = strcmp(value, "thread") == 0;
      if (!request->thread && strcmp(value, "main") != 0) return "expected main or thread after --arena";
    } else if (strcmp(option, "--image") == 0) {
      request->image = value;
    } else {
      const char* wrong = parse_numeric(option, value, request);
      if (wrong) return wrong;
    }
  }
  return request->thread && request->threads ? "--arena thread and --threads exclude each other" : NULL;
}

int main(int count, char** words) {
  struct request request = {.passes = 1, .rounds = 1, .seconds = 120};
  if (count < 2) return refuse("expected a mode: placements, footprint, timeline, time or syscalls");
  const char* wrong = parse_options(words + 2, &request);
  if (wrong == NULL) wrong = program_map(&request.program, STDIN_FILENO);
  if (wrong) return refuse(wrong);
  send_abort_messages_to_standard_error();
  if (strcmp(words[1], "placements") == 0) return mode_placements(&request);
  if (strcmp(words[1], "footprint") == 0) return mode_footprint(&request);
  if (strcmp(words[1], "timeline") == 0) return mode_timeline(&request);
  if (strcmp(words[1], "time") == 0) return mode_time(&request);
  if (strcmp(words[1], "syscalls") == 0) return mode_syscalls(&request);
  return refuse("unknown mode");
}
