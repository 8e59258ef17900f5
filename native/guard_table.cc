// The table of guarded ranges: see guard_table.h for the picture.

#include "guard_table.h"

#include <sched.h>
#include <sys/mman.h>

#include <algorithm>
#include <cerrno>

#include "guard_pages.h"
#include "js_thread.h"
#include "range_handle.h"
#include "this_thread.h"

GuardCounters guard_counters;

namespace {

constexpr int kMaxRanges = 1024;

GuardedRange ranges[kMaxRanges];
// Places in use lie below.
int used_places = 0;
int32_t next_id = 0;
std::atomic_flag locked = ATOMIC_FLAG_INIT;

GuardedRange* FreePlace() {
  for (GuardedRange& range : ranges)
    if (range.id < 0) return &range;
  return nullptr;
}

// What a range leaves behind, given back after the lock.
struct Estate {
  ~Estate() {
    for (const Parking& parking : parkings) DropParking(parking);
  }
  std::shared_ptr<GuardTables> tables;
  std::vector<Parking> parkings;
};

void Forget(GuardedRange* range, Estate* estate) {
  guard_counters.hit_pages -= range->hit_pages;
  estate->tables = std::move(range->tables);
  estate->parkings = std::move(range->parkings);
  *range = GuardedRange();
  while (used_places > 0 && ranges[used_places - 1].id < 0) used_places--;
}

template <typename Matches>
int RemoveWhere(Matches matches) {
  int removed = 0;
  for (int i = kMaxRanges - 1; i >= 0; i--) {
    Estate estate;
    const GuardLock lock;
    if (ranges[i].id < 0 || !matches(ranges[i])) continue;
    Forget(&ranges[i], &estate);
    removed++;
  }
  return removed;
}

struct Pages {
  size_t first;
  size_t count;
};

bool PagesOf(const GuardedRange& range, size_t offset, size_t length, Pages* pages) {
  const size_t page = SystemPageSize();
  const size_t bytes = range.end - range.base;
  if (offset > bytes || length > bytes - offset || offset % page != 0 || length % page != 0) return false;
  *pages = {offset / page, length / page};
  return true;
}

bool MayClose(const GuardedRange& range) {
  return range.hit_by == nullptr || range.hit_by == this_thread.js || !range.hit_by->in_use;
}

// Pages that hits have opened count as such no longer.
void ForgetHits(GuardedRange* range, const Pages& pages) {
  if (range->hit_pages == 0) return;
  const uint8_t* const first = range->tables->states + pages.first;
  const auto hits = static_cast<uint32_t>(std::count(first, first + pages.count, kPageHit));
  range->hit_pages -= hits;
  guard_counters.hit_pages -= hits;
}

void Mark(GuardedRange* range, const Pages& pages, uint8_t state) {
  ForgetHits(range, pages);
  std::fill_n(range->tables->states + pages.first, pages.count, state);
}

Parking* ParkingOf(GuardedRange* range, uintptr_t address, size_t length) {
  for (Parking& parking : range->parkings) {
    if (parking.home == address && parking.length == length) return &parking;
  }
  return nullptr;
}

// Pages whose kernel cannot move them have no parking.
Parking* MakeParkingOf(GuardedRange* range, uintptr_t address, size_t length) {
  Parking parking;
  if (!IsParkable(address, length) || MakeParking(address, length, &parking) != 0) return nullptr;
  range->parkings.push_back(parking);
  return &range->parkings.back();
}

int Shut(GuardedRange* range, uintptr_t address, size_t length) {
  Parking* parking = ParkingOf(range, address, length);
  if (parking == nullptr) parking = MakeParkingOf(range, address, length);
  if (parking != nullptr && ParkPages(parking) == 0) return 0;
  return ClosePages(GuardMethod::kProtect, address, length);
}

int Unshut(GuardedRange* range, uintptr_t address, size_t length, const Pages& pages) {
  Parking* const parking = ParkingOf(range, address, length);
  if (parking == nullptr || !parking->is_taken) return OpenPages(GuardMethod::kProtect, address, length);
  const int result = UnparkPages(parking);
  if (result != 0) return result;
  // A page that a hit has opened was one of those in their place.
  ForgetHits(range, pages);
  uint8_t* const first = range->tables->states + pages.first;
  std::replace(first, first + pages.count, kPageHit, kPageClosed);
  return 0;
}

}  // namespace

GuardLock::GuardLock() {
  while (locked.test_and_set(std::memory_order_acquire)) sched_yield();
}

GuardLock::~GuardLock() {
  locked.clear(std::memory_order_release);
}

int32_t AddGuardedRange(const GuardedRange& range, size_t blocks) {
  const size_t pages = (range.end - range.base) / SystemPageSize();
  std::shared_ptr<GuardTables> tables = GuardTables::Create(pages, blocks);
  if (tables == nullptr) return -ENOMEM;
  const GuardLock lock;
  GuardedRange* const place = FreePlace();
  if (place == nullptr) return -ENOSPC;
  *place = range;
  place->tables = std::move(tables);
  place->id = next_id++;
  used_places = std::max(used_places, static_cast<int>(place - ranges) + 1);
  return place->id;
}

bool RemoveGuardedRange(int32_t id) {
  return RemoveWhere([id](const GuardedRange& range) { return range.id == id; }) > 0;
}

int RemoveGuardsWithin(uintptr_t base, size_t length) {
  if (CountGuardedRanges() == 0) return 0;
  return RemoveWhere(
      [base, length](const GuardedRange& range) { return range.base >= base && range.end <= base + length; });
}

int RemoveGuardsOf(const void* owner) {
  if (CountGuardedRanges() == 0) return 0;
  return RemoveWhere([owner](const GuardedRange& range) { return range.owner == owner; });
}

std::shared_ptr<GuardTables> GuardTablesOf(int32_t id) {
  const GuardLock lock;
  const GuardedRange* const range = GuardedRangeOf(id);
  return range ? range->tables : nullptr;
}

int CountGuardedRanges() {
  const GuardLock lock;
  return static_cast<int>(
      std::count_if(ranges, ranges + used_places, [](const GuardedRange& range) { return range.id >= 0; }));
}

int OpenGuards(int32_t id, size_t offset, size_t length) {
  const GuardLock lock;
  GuardedRange* const range = GuardedRangeOf(id);
  Pages pages;
  if (range == nullptr || !PagesOf(*range, offset, length, &pages)) return -EINVAL;
  const int result = OpenPages(range->method, range->base + offset, length);
  if (result == 0) Mark(range, pages, kPageOpen);
  return result;
}

int CloseGuards(int32_t id, size_t offset, size_t length) {
  const GuardLock lock;
  GuardedRange* const range = GuardedRangeOf(id);
  Pages pages;
  if (range == nullptr || !PagesOf(*range, offset, length, &pages)) return -EINVAL;
  const int result = ClosePages(range->method, range->base + offset, length);
  if (result == 0) Mark(range, pages, kPageClosed);
  return result;
}

int ShutGuards(int32_t id, size_t offset, size_t length, bool shut) {
  const GuardLock lock;
  GuardedRange* const range = GuardedRangeOf(id);
  Pages pages;
  if (range == nullptr || !PagesOf(*range, offset, length, &pages)) return -EINVAL;
  if (range->method != GuardMethod::kLightweight) return -EINVAL;
  const int result =
      shut ? Shut(range, range->base + offset, length) : Unshut(range, range->base + offset, length, pages);
  if (result != 0) return result;
  uint8_t* const first = range->tables->states + pages.first;
  std::replace(first, first + pages.count, shut ? kPageOpen : kPageShut, shut ? kPageShut : kPageOpen);
  return 0;
}

int RearmGuards() {
  if (guard_counters.hit_pages == 0) return 0;
  const GuardLock lock;
  int closed = 0;
  for (int i = 0; i < used_places; i++) {
    GuardedRange* const range = &ranges[i];
    if (range->hit_pages == 0 || !MayClose(*range)) continue;
    const uint32_t before = range->hit_pages;
    for (size_t page = range->first_hit; page <= range->last_hit; page++) {
      if (range->tables->states[page] == kPageHit) CloseHitPage(range, page);
    }
    closed += static_cast<int>(before - range->hit_pages);
  }
  return closed;
}

GuardedRange* GuardedRangeOf(int32_t id) {
  for (int i = 0; i < used_places; i++) {
    if (id >= 0 && ranges[i].id == id) return &ranges[i];
  }
  return nullptr;
}

GuardedRange* FindGuardedRange(uintptr_t address) {
  for (int i = 0; i < used_places; i++) {
    if (ranges[i].id >= 0 && address >= ranges[i].base && address < ranges[i].end) return &ranges[i];
  }
  return nullptr;
}

bool OpenHitPage(GuardedRange* range, size_t page) {
  uint8_t* const state = &range->tables->states[page];
  if (*state == kPageOpen) return false;
  const size_t page_bytes = SystemPageSize();
  const uintptr_t address = range->base + page * page_bytes;
  // Open, and hit all the same: below a lightweight guard lies a page that forbids the access itself.
  const bool again = *state == kPageHit;
  const GuardMethod method = again ? GuardMethod::kProtect : range->method;
  if (OpenPages(method, address, page_bytes) != 0) return false;
  if (again) return true;
  *state = kPageHit;
  range->first_hit = range->hit_pages == 0 ? page : std::min(range->first_hit, page);
  range->last_hit = range->hit_pages == 0 ? page : std::max(range->last_hit, page);
  range->hit_pages++;
  range->hit_by = this_thread.js;
  guard_counters.hit_pages++;
  return true;
}

void CloseHitPage(GuardedRange* range, size_t page) {
  const size_t page_bytes = SystemPageSize();
  if (range->tables->states[page] != kPageHit) return;
  if (ClosePages(range->method, range->base + page * page_bytes, page_bytes) != 0) return;
  Mark(range, {page, 1}, kPageClosed);
}
