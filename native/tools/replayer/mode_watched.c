/*
 * `placements`: one line for every operation. `footprint`: the peak of what the heap took from the system.
 * `timeline`: both sizes and what is resident, every so many operations.
 */
#include <fcntl.h>
#include <unistd.h>

#include "arena.h"
#include "child.h"
#include "image.h"
#include "modes.h"
#include "relay.h"
#include "runs.h"

/* Longest line: `h65535:67108863`, `M 18446744073709551608 4095` or `= 18446744073709551615`. */
enum { kLongestLine = 32, kLongestSample = 160 };

struct watched {
  const struct request* request;
  void** blocks;
  struct watch* watch;
  struct arena arena;
  struct landmarks* landmarks; /* shared; NULL when no image is wanted */
  int image;
};

/* The whole program on the calling thread. */
static void run_alone(struct watched* watched) {
  const struct program* program = &watched->request->program;
  if (watched->watch->timeline) timeline_begin(watched->watch->timeline);
  uint64_t index = 0;
  while (index < program->header->records) {
    index = run_watched(program, index, watched->blocks, &watched->arena, watched->watch) + 1;
  }
}

static void watched_body(void* context) {
  struct watched* watched = context;
  struct watch* watch = watched->watch;
  if (watched->landmarks) image_arm(watched->image, watched->landmarks, &watched->arena);
  if (watched->request->threads) {
    struct relay relay = {&watched->request->program, watched->blocks, &watched->arena, watch};
    if (!relay_run(&relay)) _exit(3);
  } else {
    watch->bytes_before = arena_heap_bytes(&watched->arena);
    run_alone(watched);
  }
  image_write();
}

/* Opens the file and explores. Where there can be no image the file stays empty. False when it cannot be
 * made. */
static bool prepare_image(struct watched* watched, const char* path) {
  watched->landmarks = own_pages(sizeof *watched->landmarks, true);
  watched->image = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (watched->landmarks == NULL || watched->image < 0) return false;
  landmarks_find(watched->landmarks);
  return true;
}

/* A timeline and its tables, touched so that they are not counted later. NULL when there is no memory. */
static struct timeline* make_timeline(const struct request* request) {
  const struct program_header* header = request->program.header;
  size_t room = (header->operations / request->every + 4) * kLongestSample;
  struct timeline* timeline = own_pages(sizeof *timeline + room, true);
  struct block_bytes* bytes = own_pages((header->blocks + 1) * sizeof *bytes, true);
  if (timeline == NULL || bytes == NULL) return NULL;
  timeline->every = request->every;
  timeline->also_at = request->also_at;
  timeline->touch = request->touch;
  timeline->bytes = bytes;
  timeline->lines = (struct text){0, room, (char*)(timeline + 1)};
  return timeline;
}

/* Runs in a child; the results are in shared memory. NULL when there is no memory for them. */
static struct watch* watched_run(const struct request* request, bool placements, struct ending* ending) {
  const struct program_header* header = request->program.header;
  size_t room = placements ? (header->operations + 1) * kLongestLine : 1;
  struct watched watched = {.request = request};
  watched.watch = own_pages(sizeof(struct watch) + room, true);
  watched.blocks = own_pages((header->blocks + 1) * sizeof(void*), true);
  if (watched.watch == NULL || watched.blocks == NULL) return NULL;
  if (request->every != 0 && (watched.watch->timeline = make_timeline(request)) == NULL) return NULL;
  watched.watch->placements = placements;
  watched.watch->damage = request->damage;
  watched.watch->lines = (struct text){0, room, (char*)(watched.watch + 1)};
  watched.arena.thread = request->thread;
  watched.arena.threads = request->threads;
  watched.arena.careful = request->damage;
  arena_prepare(&watched.arena);
  if (request->image && !prepare_image(&watched, request->image)) return NULL;
  child_run(watched_body, &watched, request->thread, request->seconds, ending);
  return watched.watch;
}

/* An operation that died may have begun its line. */
static void drop_unfinished_line(struct text* lines) {
  while (lines->used > 0 && lines->bytes[lines->used - 1] != '\n') lines->used--;
}

int mode_placements(const struct request* request) {
  struct ending ending;
  struct watch* watch = watched_run(request, true, &ending);
  if (watch == NULL) return refuse("no memory for the placements, or the image file cannot be made");
  drop_unfinished_line(&watch->lines);
  if (text_write(&watch->lines, STDOUT_FILENO) != 0) return 1;
  if (ending.clean) return 0;
  char bytes[sizeof ending.message + 8];
  struct text last = {0, sizeof bytes, bytes};
  text_string(&last, "! ");
  text_string(&last, ending.message);
  text_string(&last, "\n");
  text_write(&last, STDOUT_FILENO);
  return 0;
}

static void line(struct text* text, const char* key, uint64_t value) {
  text_string(text, key);
  text_string(text, " ");
  text_unsigned(text, value);
  text_string(text, "\n");
}

/* What both ways to look at the size have in common. */
static int answer_sizes(const struct watch* watch, const struct ending* ending) {
  char bytes[2048];
  struct text text = {0, sizeof bytes, bytes};
  line(&text, "operations", watch->operations);
  line(&text, "failed", watch->failed);
  line(&text, "peak-heap-bytes", watch->peak_bytes);
  if (arena_preloaded()) {
    text_string(&text, "preloaded ");
    text_string(&text, arena_preloaded());
    text_string(&text, "\n");
  }
  if (!ending->clean) {
    text_string(&text, "ended ");
    text_string(&text, ending->message);
    text_string(&text, "\n");
  }
  return text_write(&text, STDOUT_FILENO) == 0 ? 0 : 1;
}

int mode_footprint(const struct request* request) {
  struct ending ending;
  struct watch* watch = watched_run(request, false, &ending);
  return watch == NULL ? refuse("no memory for the results") : answer_sizes(watch, &ending);
}

int mode_timeline(const struct request* request) {
  if (request->every == 0 || request->damage) return refuse("timeline needs --every, and no --damage");
  struct ending ending;
  struct watch* watch = watched_run(request, false, &ending);
  if (watch == NULL) return refuse("no memory for the results");
  if (text_write(&watch->timeline->lines, STDOUT_FILENO) != 0) return 1;
  return answer_sizes(watch, &ending);
}
