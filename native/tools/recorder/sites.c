/* Copies /proc/self/maps as it is, with system calls alone. On macOS there is none: addresses stay bare. */
#include "sites.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char path[4416];

void sites_begin(const char* log_path) {
  strcpy(path, log_path);
  strcat(path, ".maps");
  sites_copy_map();
}

void sites_copy_map(void) {
  const int before = errno;
  char bytes[4096];
  const int from = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  const int to = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (from >= 0 && to >= 0) {
    for (ssize_t got; (got = read(from, bytes, sizeof bytes)) > 0;) {
      if (write(to, bytes, (size_t)got) != got) break;
    }
  }
  if (from >= 0) close(from);
  if (to >= 0) close(to);
  errno = before;
}
