/* Claims records and fills them; makes room ahead of the claims, so that a full disk ends the recording and
 * not the program. */
#include "log.h"

#include <errno.h>
#include <sys/mman.h>
#include <time.h>

#include "sites.h"
#include "thread.h"

struct log_state* log_state;

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

bool log_make_room(struct log_header* header, uint64_t first) {
#ifdef __linux__
  const uint64_t record = header->record_bytes;
  const uintptr_t start = (uintptr_t)header + kHeaderBytes + first * record;
  const uintptr_t page = start & ~(uintptr_t)(kHeaderBytes - 1);
  const int before = errno;
  const bool failed = madvise((void*)page, start - page + kStep * record, MADV_POPULATE_WRITE) != 0;
  /* A kernel before 5.14 does not know it; the others say nothing about the room. */
  const bool full = failed && errno != EINVAL && errno != EAGAIN && errno != EINTR;
  errno = before;
  return !full;
#else
  (void)header, (void)first;
  return true;
#endif
}

/* Ends the recording before the first record that there is no room for. */
static void lower_capacity(struct log_header* header, uint64_t first) {
  uint64_t capacity = atomic_load_explicit(&header->capacity, memory_order_relaxed);
  while (first < capacity &&
         !atomic_compare_exchange_weak_explicit(&header->capacity, &capacity, first, memory_order_relaxed,
                                                memory_order_relaxed)) {
  }
}

void log_write(enum record_kind kind, const void* block, size_t size, size_t alignment, const void* site) {
  struct log_state* state = log_state;
  struct log_header* header = state->header;
  const uint64_t index = atomic_fetch_add_explicit(&header->claimed, 1, memory_order_relaxed);
  if (__builtin_expect(index >= atomic_load_explicit(&header->capacity, memory_order_relaxed), 0)) return;
  if (__builtin_expect(index % kStep == 0, 0)) {
    const uint64_t ahead = index + kStepsAhead * kStep;
    if (!log_make_room(header, ahead)) lower_capacity(header, ahead);
  }
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
