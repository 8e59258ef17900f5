/* Writes the image of a glibc heap, see image.h. Runs in the child, in a signal handler too: only calls
 * write. */
#define _GNU_SOURCE
#include "image.h"

#if defined(__GLIBC__)

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "layout_glibc.h"

enum { kSections = 1024 };

struct section {
  const char* name;
  uintptr_t address;
  size_t bytes;
};

/* One replay to a process, and a signal handler has no argument: so this is the one global of the program. */
static struct {
  int descriptor;
  const struct landmarks* landmarks;
  const struct arena* arena;
  const uintptr_t* tcache; /* the replaying thread's pointer to its cache struct */
  struct section sections[kSections];
  size_t count;
} image = {.descriptor = -1};

static void add(const char* name, uintptr_t address, size_t bytes) {
  if (image.count < kSections && bytes <= SIZE_MAX / 2)
    image.sections[image.count++] = (struct section){name, address, bytes};
}

/* The main arena, and the heaps of the thread's from the newest back to the first. */
static void collect_sections(void) {
  uintptr_t start = image.arena->main_start;
  add("main-state", image.landmarks->main_arena, arena_state_bytes());
  add("main-heap", start, (uintptr_t)sbrk(0) - start);
  if (image.arena->thread_heap == 0) return;
  uintptr_t state = image.arena->thread_heap + heap_info_bytes();
  add("thread-state", state, arena_state_bytes());
  uintptr_t heap = heap_of(*(const uintptr_t*)(state + arena_top_offset()));
  while (heap != 0 && image.count < kSections) {
    const uintptr_t* info = (const uintptr_t*)heap;
    add("thread-heap", heap, info[2] <= kHeapSpan ? info[2] : 0);
    heap = heap == image.arena->thread_heap ? 0 : info[1];
  }
}

static void line(struct text* text, const char* key, uintptr_t value) {
  text_string(text, key);
  text_string(text, " ");
  text_hex(text, value);
  text_string(text, "\n");
}

static uintptr_t tcache_key(void) {
  if (image.landmarks->key_variable) return *(const uintptr_t*)image.landmarks->key_variable;
  return *image.tcache;
}

static void write_header(void) {
  static char bytes[kSections * 64];
  struct text text = {0, sizeof bytes, bytes};
  text_string(&text, "chunkyard-image 1\nlibc ");
  text_string(&text, gnu_get_libc_version());
  text_string(&text, "\n");
  line(&text, "main-start", image.arena->main_start);
  line(&text, "main-arena", image.landmarks->main_arena);
  line(&text, "tcache", *image.tcache);
  line(&text, "tcache-key", tcache_key());
  for (size_t index = 0; index < image.count; index++) {
    const struct section* section = &image.sections[index];
    text_string(&text, "section ");
    text_string(&text, section->name);
    text_string(&text, " ");
    text_hex(&text, section->address);
    text_string(&text, " ");
    text_unsigned(&text, section->bytes);
    text_string(&text, "\n");
  }
  text_string(&text, "end\n");
  text_write(&text, image.descriptor);
}

/* A damaged heap may have unmapped pages of its own: they become a hole in the file, and read as zero. */
static void write_pages(const struct section* section) {
  for (size_t at = 0; at < section->bytes; at += image.arena->page) {
    size_t left = section->bytes - at;
    size_t count = left < image.arena->page ? left : image.arena->page;
    struct text bytes = {count, count, (char*)section->address + at};
    if (text_write(&bytes, image.descriptor) != 0) lseek(image.descriptor, (off_t)count, SEEK_CUR);
  }
}

void image_write(void) {
  if (image.descriptor < 0) return;
  collect_sections();
  write_header();
  for (size_t index = 0; index < image.count; index++) write_pages(&image.sections[index]);
  off_t end = lseek(image.descriptor, 0, SEEK_CUR);
  if (ftruncate(image.descriptor, end) != 0) return;
  image.descriptor = -1;
}

static void on_death(int number) {
  signal(number, SIG_DFL);
  image_write();
  /* A fault happens again on return, abort goes on by itself; only the alarm must be sent once more. */
  if (number == SIGALRM) raise(number);
}

void image_arm(int descriptor, const struct landmarks* landmarks, const struct arena* arena) {
  if (!landmarks->found) return;
  image.descriptor = descriptor;
  image.landmarks = landmarks;
  image.arena = arena;
  image.tcache = (const uintptr_t*)(landmarks_thread_pointer() + (uintptr_t)landmarks->tcache_offset);
  static const int deaths[] = {SIGABRT, SIGSEGV, SIGBUS, SIGALRM};
  for (size_t index = 0; index < sizeof deaths / sizeof *deaths; index++) signal(deaths[index], on_death);
}

#else

void image_arm(int descriptor, const struct landmarks* landmarks, const struct arena* arena) {
  (void)descriptor, (void)landmarks, (void)arena;
}

void image_write(void) {}

#endif
