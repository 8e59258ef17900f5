/* Claims records and fills them; makes room ahead of the claims, so that a full disk ends the recording and
 * not the program. */
#include "log.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "sites.h"
#include "thread.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct log_state* log_state;

/* Records that one thread makes room for at a time, two steps ahead of its own. */
enum { kStep = 1 << 15 };

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

/* Pages of the step after the next. Without room on the disk, touching them would end the program: stop
 * there. */
static void make_room(struct log_state* state, uint64_t first) {
#ifdef __linux__
  const uint64_t bytes = kStep * state->record_bytes;
  char* start = (char*)state->header + kHeaderBytes + first * state->record_bytes;
  const uintptr_t aligned = (uintptr_t)start & ~(uintptr_t)(kHeaderBytes - 1);
  uint64_t capacity = atomic_load_explicit(&state->header->capacity, memory_order_relaxed);
  if (first >= capacity) return;
  const int before = errno;
  const int status = madvise((void*)aligned, bytes + kHeaderBytes, MADV_POPULATE_WRITE);
  /* EINVAL: a kernel before 5.14. ENOMEM: beyond the end of the mapping, which has its slack. */
  if (status != 0 && errno != EINVAL && errno != ENOMEM && errno != EAGAIN && errno != EINTR) {
    while (first < capacity &&
           !atomic_compare_exchange_weak_explicit(&state->header->capacity, &capacity, first,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
  }
  errno = before;
#else
  (void)state, (void)first;
#endif
}

void log_write(enum record_kind kind, const void* block, size_t size, size_t alignment, const void* site) {
  struct log_state* state = log_state;
  struct log_header* header = state->header;
  const uint64_t index = atomic_fetch_add_explicit(&header->claimed, 1, memory_order_relaxed);
  if (__builtin_expect(index >= atomic_load_explicit(&header->capacity, memory_order_relaxed), 0)) return;
  if (__builtin_expect(index % kStep == 0, 0)) make_room(state, index + 2 * kStep);
  if (header->options & kSites) sites_note(header, index);
  struct record* record = (struct record*)(void*)((char*)header + kHeaderBytes + index * state->record_bytes);
  record->alignment = alignment > UINT32_MAX ? UINT32_MAX : (uint32_t)alignment;
  record->address = (uintptr_t)block;
  record->size = size;
  if (state->record_bytes == kLongRecord) {
    record->time = header->options & kTimes ? now() - header->start : 0;
    record->site = header->options & kSites ? (uintptr_t)site : 0;
  }
  const uint32_t thread = thread_number(header, state->process);
  atomic_store_explicit(&record->head, (uint32_t)kind | thread << 16, memory_order_release);
}

void log_failure(void) {
  atomic_fetch_add_explicit(&log_state->header->failed, 1, memory_order_relaxed);
}
