// Asking the system whether memory can be read: it copies one byte of each page, and says EFAULT instead of
// raising a signal. /proc/self/mem would read closed pages too.

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "guarded_access.h"
#include "range_handle.h"

#ifdef __linux__
#include <sys/uio.h>
#elif defined(__APPLE__)
#include <mach/mach.h>
#endif

namespace {

#ifdef __linux__

// A sandbox may forbid process_vm_readv; a pipe takes bytes in every process.
int IsPageReadableByPipe(uintptr_t address) {
  int ends[2];
  if (pipe(ends) != 0) return -errno;
  const ssize_t written = write(ends[1], reinterpret_cast<const void*>(address), 1);
  const int error = errno;
  close(ends[0]);
  close(ends[1]);
  if (written == 1) return 1;
  return error == EFAULT ? 0 : -error;
}

int IsPageReadable(uintptr_t address) {
  char byte;
  const iovec local = {&byte, 1};
  const iovec remote = {reinterpret_cast<void*>(address), 1};
  if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == 1) return 1;
  return errno == EFAULT ? 0 : IsPageReadableByPipe(address);
}

#elif defined(__APPLE__)

int IsPageReadable(uintptr_t address) {
  char byte;
  vm_size_t size = 0;
  const kern_return_t result =
      vm_read_overwrite(mach_task_self(), address, 1, reinterpret_cast<vm_address_t>(&byte), &size);
  return result == KERN_SUCCESS && size == 1 ? 1 : 0;
}

#else

int IsPageReadable(uintptr_t) {
  return -ENOSYS;
}

#endif

}  // namespace

int IsReadable(uintptr_t address, size_t length) {
  if (length > UINTPTR_MAX - address) return 0;
  const uintptr_t page = SystemPageSize();
  for (uintptr_t at = address; at < address + length; at = at / page * page + page) {
    const int result = IsPageReadable(at);
    if (result != 1) return result;
  }
  return 1;
}
