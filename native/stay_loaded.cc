// Pins the addon: see stay_loaded.h.

#include "stay_loaded.h"

#include <dlfcn.h>

bool StayLoaded() {
  static const bool pinned = [] {
    Dl_info self;
    if (dladdr(reinterpret_cast<void*>(&StayLoaded), &self) == 0) return false;
    return dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE) != nullptr;
  }();
  return pinned;
}
