/* `placements`: one line for every operation. `footprint`: the peak of what the heap took from the system. */
#include <fcntl.h>
#include <unistd.h>

#include "arena.h"
#include "child.h"
#include "image.h"
#include "modes.h"
#include "runs.h"

/* Longest line: `h65535:67108863`, `M 18446744073709551608 4095` or `= 18446744073709551615`. */
enum { kLongestLine = 32 };

struct watched {
  const struct request* request;
  void** blocks;
  struct watch* watch;
  struct arena arena;
  struct landmarks* landmarks; /* shared; NULL when no image is wanted */
  int image;
};

static void watched_body(void* context) {
  struct watched* watched = context;
  if (watched->landmarks) image_arm(watched->image, watched->landmarks, &watched->arena);
  run_watched(&watched->request->program, watched->blocks, &watched->arena, watched->watch);
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

/* Runs in a child; the results are in shared memory. NULL when there is no memory for them. */
static struct watch* watched_run(const struct request* request, bool placements, struct ending* ending) {
  const struct program_header* header = request->program.header;
  size_t room = placements ? (header->operations + 1) * kLongestLine : 1;
  struct watched watched = {.request = request};
  watched.watch = own_pages(sizeof(struct watch) + room, true);
  watched.blocks = own_pages((header->blocks + 1) * sizeof(void*), false);
  if (watched.watch == NULL || watched.blocks == NULL) return NULL;
  watched.watch->placements = placements;
  watched.watch->damage = request->damage;
  watched.watch->lines = (struct text){0, room, (char*)(watched.watch + 1)};
  arena_prepare(&watched.arena, request->thread, request->damage);
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

int mode_footprint(const struct request* request) {
  struct ending ending;
  struct watch* watch = watched_run(request, false, &ending);
  if (watch == NULL) return refuse("no memory for the results");
  char bytes[1024];
  struct text text = {0, sizeof bytes, bytes};
  line(&text, "operations", watch->operations);
  line(&text, "failed", watch->failed);
  line(&text, "peak-heap-bytes", watch->peak_bytes);
  if (!ending.clean) {
    text_string(&text, "ended ");
    text_string(&text, ending.message);
    text_string(&text, "\n");
  }
  return text_write(&text, STDOUT_FILENO) == 0 ? 0 : 1;
}
