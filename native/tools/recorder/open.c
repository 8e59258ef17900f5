/* Sets the log of this process up: once per process image, and once more in every forked child. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "sites.h"

#ifndef MADV_WIPEONFORK
#define MADV_WIPEONFORK 18
#endif

/* Set by the first log of this image: a later one belongs to a forked child. */
static bool opened_before;

static void forget_in_child(void) {
  memset(log_state, 0, sizeof *log_state);
}

static bool make_state(void) {
  if (log_state) return true;
  void* page = mmap(NULL, kHeaderBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
  if (page == MAP_FAILED) return false;
  log_state = page;
#ifdef __linux__
  if (madvise(page, kHeaderBytes, MADV_WIPEONFORK) == 0) return true;
#endif
  /* What this allocates goes unrecorded: the phase is kSettingUp. */
  atomic_store(&log_state->phase, kSettingUp);
  pthread_atfork(NULL, NULL, forget_in_child);
  atomic_store(&log_state->phase, kUnset);
  return true;
}

static char* put_number(char* at, uint64_t number) {
  char digits[20];
  int count = 0;
  do digits[count++] = (char)('0' + number % 10);
  while (number /= 10);
  while (count > 0) *at++ = digits[--count];
  return at;
}

/* Opens FOLDER/PROCESS.N.log, N the first that is free: a process may run one program after another. */
static int open_file(const struct config* config, char* path, size_t size) {
  const size_t length = strlen(config->folder);
  if (length + 48 > size) return -1;
  memcpy(path, config->folder, length);
  for (uint64_t number = 0; number < 1000; number++) {
    char* at = put_number(path + length, (uint64_t)getpid());
    *at++ = '.';
    at = put_number(at, number);
    memcpy(at, ".log", 5);
    const int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file >= 0 || errno != EEXIST) return file;
  }
  return -1;
}

/* Room for the header, the records and the steps that are made ahead of them. */
static uint64_t file_bytes(uint64_t capacity, uint64_t record_bytes) {
  return kHeaderBytes + (capacity + (kStepsAhead + 1) * kStep) * record_bytes;
}

/* The header's page and the first steps; the rest is made on the way. */
static bool make_first_room(struct log_header* header, uint64_t record_bytes) {
#ifdef __linux__
  if (madvise(header, kHeaderBytes, MADV_POPULATE_WRITE) != 0 && errno != EINVAL) return false;
#endif
  header->record_bytes = (uint32_t)record_bytes;
  for (uint64_t step = 0; step < kStepsAhead; step++) {
    if (!log_make_room(header, step * kStep)) return false;
  }
  return true;
}

/* Maps as much as the process may have: its limits on address space and file size are the program's own. */
static struct log_header* map_file(int file, uint64_t record_bytes, uint64_t* capacity) {
  struct rlimit limit;
  const bool limited = getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  for (; *capacity >= 1024; *capacity /= 2) {
    const uint64_t bytes = file_bytes(*capacity, record_bytes);
    if (limited && bytes > limit.rlim_cur) continue;
    if (ftruncate(file, (off_t)bytes) != 0) continue;
    void* start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (start != MAP_FAILED) return start;
  }
  return NULL;
}

static void read_command(char* command, size_t size) {
#ifdef __linux__
  const int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  if (read(file, command, size - 1) < 0) command[0] = '\0';
  close(file);
#else
  (void)size;
  strcpy(command, getprogname());
#endif
}

static struct log_header* make_log(const struct config* config, uint64_t record_bytes) {
  char path[4400];
  uint64_t capacity = config->capacity;
  const int file = open_file(config, path, sizeof path);
  if (file < 0) return NULL;
  struct log_header* header = map_file(file, record_bytes, &capacity);
  close(file);
  if (header && !make_first_room(header, record_bytes)) {
    munmap(header, file_bytes(capacity, record_bytes));
    header = NULL;
  }
  if (header == NULL) {
    unlink(path);
    return NULL;
  }
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  header->options = (uint32_t)config->options;
  header->capacity = capacity;
  header->start = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
  header->process = (uint32_t)getpid();
  header->parent = (uint32_t)getppid();
  header->forked = opened_before;
  read_command(header->command, sizeof header->command);
  if (config->options & kSites) sites_begin(path);
  memcpy(header->magic, "CYRAWLG1", sizeof header->magic);
  return header;
}

bool log_open(void) {
  const int before = errno;
  uint32_t phase = kUnset;
  if (!make_state()) return false;
  if (!atomic_compare_exchange_strong(&log_state->phase, &phase, kSettingUp)) return phase == kRecording;
  const struct config* config = config_read();
  phase = kOff;
  if (config && config_wants_this_process(config)) {
    log_state->process = (uint32_t)getpid();
    log_state->record_bytes = config->options ? kLongRecord : kShortRecord;
    log_state->header = make_log(config, log_state->record_bytes);
    if (log_state->header) phase = kRecording;
  }
  opened_before = true;
  atomic_store_explicit(&log_state->phase, phase, memory_order_release);
  errno = before;
  return phase == kRecording;
}
