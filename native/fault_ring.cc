// The ring of hits and the table of sites: see fault_ring.h. Both take address space at once and memory as
// they fill.

#include "fault_ring.h"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace {

constexpr uint32_t kMaxSites = 65536;

Fault ring[kRingFaults];
uint32_t last_sequence = 0;

char sites[kMaxSites][kSiteBytes];
std::atomic<uint32_t> used_sites{1};

bool IsContinuation(char byte) {
  return (byte & 0xc0) == 0x80;
}

}  // namespace

Fault* NewFault() {
  Fault* const entry = &ring[(last_sequence + 1) % kRingFaults];
  // All but the stack: not 2 KiB cleared for one byte.
  memset(static_cast<void*>(entry), 0, offsetof(Fault, js_stack) + 1);
  entry->sequence = ++last_sequence;
  return entry;
}

void PublishFault(const Fault& fault) {
  guard_counters.faults = fault.sequence;
}

const Fault* FindFault(uint32_t sequence) {
  const Fault* const entry = &ring[sequence % kRingFaults];
  return sequence != 0 && entry->sequence == sequence ? entry : nullptr;
}

bool CopyFault(uint32_t sequence, Fault* fault) {
  const GuardLock lock;
  const Fault* const entry = FindFault(sequence);
  if (entry != nullptr) *fault = *entry;
  return entry != nullptr;
}

void GiveStack(uint64_t thread_id, uint32_t first, const char* stack) {
  const GuardLock lock;
  const uint32_t oldest = last_sequence < kRingFaults ? 1 : last_sequence - kRingFaults + 1;
  for (uint32_t sequence = std::max(first, oldest); sequence <= last_sequence; sequence++) {
    Fault* const entry = &ring[sequence % kRingFaults];
    if (!entry->wants_stack || entry->thread_id != thread_id) continue;
    entry->wants_stack = false;
    strncpy(entry->js_stack, stack, sizeof(entry->js_stack) - 1);
  }
}

uint32_t AddSite(const char* text, size_t length) {
  const uint32_t site = used_sites++;
  if (site >= kMaxSites) {
    used_sites = kMaxSites;
    return 0;
  }
  size_t kept = std::min(length, kSiteBytes - 1);
  // Not half a character.
  while (kept > 0 && kept < length && IsContinuation(text[kept])) kept--;
  memcpy(sites[site], text, kept);
  return site;
}

const char* SiteText(uint32_t site) {
  return site < kMaxSites ? sites[site] : "";
}
