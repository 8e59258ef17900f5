/* The heap over time, see timeline.h. */
#include "timeline.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "libc_calls.h"

/* Bytes of anonymous memory that the kernel has given this process; 0 where it does not tell. */
static size_t anonymous_bytes(void) {
  static const char key[] = "\nAnonymous:";
  char bytes[2048];
  int descriptor = open("/proc/self/smaps_rollup", O_RDONLY);
  if (descriptor < 0) return 0;
  ssize_t length = read(descriptor, bytes, sizeof bytes - 1);
  close(descriptor);
  bytes[length < 0 ? 0 : length] = '\0';
  const char* digit = strstr(bytes, key);
  if (digit == NULL) return 0;
  size_t kibibytes = 0;
  for (digit += sizeof key - 1; *digit == ' '; digit++) continue;
  for (; *digit >= '0' && *digit <= '9'; digit++) kibibytes = kibibytes * 10 + (size_t)(*digit - '0');
  return kibibytes * 1024;
}

void timeline_begin(struct timeline* timeline) {
  timeline->resident_before = anonymous_bytes();
}

static void touch(void* block, size_t bytes) {
  enum { kPage = 4096 };
  volatile char* first = block;
  for (size_t at = 0; at < bytes; at += kPage) first[at] = 1;
  if (bytes > 0) first[bytes - 1] = 1;
}

void timeline_note(struct timeline* timeline, const struct operation* operation, void* given) {
  if (operation->id < 0) return;
  struct block_bytes* bytes = &timeline->bytes[operation->id];
  bool is_free = operation->opcode == 'f';
  /* A realloc that gets no memory leaves the block as it was. */
  if (!is_free && given == NULL) return;
  timeline->live += (is_free ? 0 : operation->size) - bytes->asked;
  timeline->blocks += (is_free ? 0 : 1) - (size_t)(bytes->usable != 0);
  timeline->usable -= bytes->usable;
  bytes->asked = is_free ? 0 : operation->size;
  bytes->usable = is_free ? 0 : usable_size(given);
  timeline->usable += bytes->usable;
  if (timeline->touch && !is_free) touch(given, operation->size);
}

bool timeline_is_due(const struct timeline* timeline, uint64_t operations) {
  return operations % timeline->every == 0 || operations == timeline->also_at;
}

void timeline_sample(struct timeline* timeline, uint64_t operations, size_t heap, size_t top) {
  size_t resident = anonymous_bytes();
  size_t before = timeline->resident_before;
  const uint64_t numbers[] = {operations,
                              timeline->live,
                              timeline->usable,
                              timeline->blocks,
                              heap,
                              top,
                              resident > before ? resident - before : 0};
  text_string(&timeline->lines, "sample");
  for (size_t index = 0; index < sizeof numbers / sizeof *numbers; index++) {
    text_string(&timeline->lines, " ");
    text_unsigned(&timeline->lines, numbers[index]);
  }
  text_string(&timeline->lines, "\n");
}
