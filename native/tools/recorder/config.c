/* Reads the launcher's wishes without the heap, and before the C library has set up its own environment. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the last part of a path stands in a list with commas. */
static bool is_listed(const char* list, const char* path) {
  const char* slash = strrchr(path, '/');
  const char* name = slash ? slash + 1 : path;
  const size_t length = strlen(name);
  for (;; list++) {
    const size_t word = strcspn(list, ",");
    if (word == length && memcmp(list, name, length) == 0) return length > 0;
    list += word;
    if (*list == '\0') return false;
  }
}

#ifdef __APPLE__

static const char* find_variable(char* value, size_t size) {
  const char* found = getenv("CHUNKYARD_RECORD");
  if (found == NULL || strlen(found) >= size) return NULL;
  return strcpy(value, found);
}

static bool is_followed(const struct config* config) {
  return is_listed(config->follow, getprogname());
}

#else

static const char kName[] = "CHUNKYARD_RECORD=";

/* The kernel's copy: it is there when the dynamic linker makes the first call of malloc, before environ is.
 */
static const char* find_variable(char* value, size_t size) {
  char bytes[1024];
  size_t matched = 0; /* bytes of the name seen, or kSkip inside another variable */
  size_t length = 0;
  enum { kSkip = sizeof kName };
  const int file = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
  if (file < 0) return NULL;
  for (ssize_t got; (got = read(file, bytes, sizeof bytes)) > 0;) {
    for (ssize_t at = 0; at < got; at++) {
      if (matched == sizeof kName - 1) {
        if (length == size)
          matched = kSkip;
        else if ((value[length++] = bytes[at]) == '\0')
          goto found;
      } else if (bytes[at] == '\0') {
        matched = 0;
      } else {
        matched = matched < sizeof kName - 1 && bytes[at] == kName[matched] ? matched + 1 : kSkip;
      }
    }
  }
  close(file);
  return NULL;
found:
  close(file);
  return value;
}

/* By its file's name, or by the name it was called by: sh may be a link to dash. */
static bool is_followed(const struct config* config) {
  char path[1024];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
  path[length < 0 ? 0 : length] = '\0';
  if (is_listed(config->follow, path)) return true;
  const int file = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  length = read(file, path, sizeof path - 1);
  close(file);
  path[length < 0 ? 0 : length] = '\0';
  return is_listed(config->follow, path);
}

#endif

/* Takes a decimal number and the colon behind it. */
static bool take_number(const char** text, uint64_t* number) {
  uint64_t value = 0;
  const char* at = *text;
  while (*at >= '0' && *at <= '9') value = value * 10 + (uint64_t)(*at++ - '0');
  if (at == *text || *at != ':') return false;
  *number = value;
  *text = at + 1;
  return true;
}

const struct config* config_read(void) {
  static char value[4352];
  static struct config config;
  static enum { kUnread, kAbsent, kPresent } seen = kUnread;
  if (seen != kUnread) return seen == kPresent ? &config : NULL;
  seen = kAbsent;
  const char* text = find_variable(value, sizeof value);
  if (text == NULL) return NULL;
  if (!take_number(&text, &config.launcher) || !take_number(&text, &config.options) ||
      !take_number(&text, &config.capacity)) {
    return NULL;
  }
  char* colon = strchr(text, ':');
  if (colon == NULL || colon[1] != '/') return NULL;
  *colon = '\0';
  config.follow = text;
  config.folder = colon + 1;
  seen = kPresent;
  return &config;
}

bool config_wants_this_process(const struct config* config) {
  return (uint64_t)getppid() == config->launcher || strcmp(config->follow, "*") == 0 || is_followed(config);
}
