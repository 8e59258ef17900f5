// Closing and opening pages: see guard_pages.h.

#include "guard_pages.h"

#include <sys/mman.h>

#include <cerrno>

#include "range_handle.h"

// Linux 6.13; older kernels answer EINVAL.
#if defined(__linux__) && !defined(MADV_GUARD_INSTALL)
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

namespace {

int Advise([[maybe_unused]] void* start, [[maybe_unused]] size_t length, [[maybe_unused]] bool close) {
#ifdef MADV_GUARD_INSTALL
  return madvise(start, length, close ? MADV_GUARD_INSTALL : MADV_GUARD_REMOVE) == 0 ? 0 : -errno;
#else
  return -ENOTSUP;
#endif
}

int Protect(void* start, size_t length, int protection) {
  return mprotect(start, length, protection) == 0 ? 0 : -errno;
}

size_t RoundUp(size_t bytes) {
  const size_t page = SystemPageSize();
  return (bytes + page - 1) / page * page;
}

}  // namespace

int OpenPages(GuardMethod method, uintptr_t address, size_t length) {
  auto* const start = reinterpret_cast<void*>(address);
  if (method == GuardMethod::kLightweight) return Advise(start, length, false);
  return Protect(start, length, PROT_READ | PROT_WRITE);
}

int ClosePages(GuardMethod method, uintptr_t address, size_t length) {
  auto* const start = reinterpret_cast<void*>(address);
  if (method == GuardMethod::kLightweight) return Advise(start, length, true);
  return Protect(start, length, PROT_NONE);
}

std::shared_ptr<GuardTables> GuardTables::Create(size_t pages, size_t blocks) {
  auto tables = std::shared_ptr<GuardTables>(new GuardTables());
  const size_t states_bytes = RoundUp(pages);
  const size_t owners_bytes = RoundUp(pages * sizeof(uint32_t));
  tables->length_ = states_bytes + owners_bytes + RoundUp(blocks * sizeof(BlockRecord));
  const int flags = MAP_PRIVATE | MAP_ANON | MAP_NORESERVE;
  void* const memory = mmap(nullptr, tables->length_, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
  tables->memory_ = memory;
  auto* const bytes = static_cast<uint8_t*>(memory);
  tables->states = bytes;
  tables->owners = reinterpret_cast<uint32_t*>(bytes + states_bytes);
  tables->blocks = reinterpret_cast<BlockRecord*>(bytes + states_bytes + owners_bytes);
  tables->pages = pages;
  tables->block_count = blocks;
  return tables;
}

GuardTables::~GuardTables() {
  if (memory_ != nullptr) munmap(memory_, length_);
}
