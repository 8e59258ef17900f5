// Loaded files by address: see code_place.h.

#include "code_place.h"

#include <dlfcn.h>
#ifdef __linux__
#include <link.h>
#endif
#include <node_api.h>

namespace {

const auto in_addon = reinterpret_cast<uintptr_t>(&PlaceOfCode);

uintptr_t InNode() {
  return reinterpret_cast<uintptr_t>(&napi_create_error);
}

}  // namespace

#ifdef __linux__

namespace {

struct Search {
  uintptr_t pc;
  CodePlace place;
};

bool Holds(const dl_phdr_info& file, uintptr_t address) {
  for (int i = 0; i < file.dlpi_phnum; i++) {
    const auto& segment = file.dlpi_phdr[i];
    const uintptr_t start = file.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address >= start && address - start < segment.p_memsz) return true;
  }
  return false;
}

int Look(dl_phdr_info* file, size_t, void* data) {
  auto* const search = static_cast<Search*>(data);
  if (!Holds(*file, search->pc)) return 0;
  search->place = CodePlace::kLibrary;
  if (Holds(*file, InNode())) search->place = CodePlace::kNode;
  if (Holds(*file, in_addon)) search->place = CodePlace::kAddon;
  return 1;
}

}  // namespace

CodePlace PlaceOfCode(uintptr_t pc) {
  Search search = {pc, CodePlace::kJit};
  dl_iterate_phdr(Look, &search);
  return search.place;
}

#else

namespace {

const void* FileOf(uintptr_t address) {
  Dl_info found;
  return dladdr(reinterpret_cast<void*>(address), &found) == 0 ? nullptr : found.dli_fbase;
}

}  // namespace

CodePlace PlaceOfCode(uintptr_t pc) {
  const void* const file = FileOf(pc);
  if (file == nullptr) return CodePlace::kJit;
  if (file == FileOf(in_addon)) return CodePlace::kAddon;
  return file == FileOf(InNode()) ? CodePlace::kNode : CodePlace::kLibrary;
}

#endif
