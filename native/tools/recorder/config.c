/* Reads the launcher's wishes without the heap, and before the C library has set up its own environment. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __APPLE__

static const char* find_variable(char* value, size_t size) {
  const char* found = getenv("CHUNKYARD_RECORD");
  if (found == NULL || strlen(found) >= size) return NULL;
  return strcpy(value, found);
}

static const char* executable_name(char* buffer, size_t size) {
  (void)buffer, (void)size;
  return getprogname();
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

static const char* executable_name(char* buffer, size_t size) {
  const ssize_t length = readlink("/proc/self/exe", buffer, size - 1);
  if (length < 0) return "";
  buffer[length] = '\0';
  const char* slash = strrchr(buffer, '/');
  return slash ? slash + 1 : buffer;
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
  if ((uint64_t)getppid() == config->launcher || strcmp(config->follow, "*") == 0) return true;
  char buffer[1024];
  const char* name = executable_name(buffer, sizeof buffer);
  const size_t length = strlen(name);
  for (const char* at = config->follow; *at;) {
    const size_t word = strcspn(at, ",");
    if (word == length && memcmp(at, name, length) == 0) return true;
    at += word;
    if (*at == ',') at++;
  }
  return false;
}
