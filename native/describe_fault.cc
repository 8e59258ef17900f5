// Blocks near a fault: see describe_fault.h.

#include "describe_fault.h"

#include <time.h>

#include <cmath>
#include <cstring>

#include "js_thread.h"
#include "range_handle.h"
#include "this_thread.h"

namespace {

// A page that belongs to nobody is judged by the nearest block, if one is this near.
constexpr size_t kFarthestPages = 64;

double NowMs() {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

const BlockRecord* BlockOfPage(const GuardTables& tables, size_t page) {
  const size_t owner = page < tables.pages ? tables.owners[page] : 0;
  if (owner == 0 || owner > tables.block_count) return nullptr;
  const BlockRecord* const block = &tables.blocks[owner - 1];
  return block->state == 0 ? nullptr : block;
}

// Negative: before its start; NaN: inside.
double DistanceTo(const BlockRecord& block, double offset) {
  if (offset < block.start) return offset - block.start;
  const double past = offset - (block.start + block.size);
  return past >= 0 ? past : NAN;
}

double Far(const BlockRecord& block, double offset) {
  const double distance = DistanceTo(block, offset);
  return std::isnan(distance) ? 0 : std::fabs(distance);
}

const BlockRecord* NearestBlock(const GuardTables& tables, size_t page, double offset) {
  for (size_t pages = 1; pages <= kFarthestPages; pages++) {
    const BlockRecord* const before = pages > page ? nullptr : BlockOfPage(tables, page - pages);
    const BlockRecord* const behind = BlockOfPage(tables, page + pages);
    if (before != nullptr && behind != nullptr) {
      return Far(*before, offset) <= Far(*behind, offset) ? before : behind;
    }
    if (before != nullptr || behind != nullptr) return before != nullptr ? before : behind;
  }
  return nullptr;
}

FaultKind KindOf(const BlockRecord& block, double distance) {
  if (block.state == 2) return FaultKind::kUseAfterFree;
  if (std::isnan(distance)) return FaultKind::kGuardPage;
  return distance < 0 ? FaultKind::kUnderflow : FaultKind::kOverflow;
}

}  // namespace

void DescribeWild(const FaultFacts& facts, Fault* fault) {
  fault->kind = FaultKind::kWild;
  fault->access = facts.access;
  fault->signal = facts.signal;
  fault->signal_code = facts.code;
  fault->address = facts.address;
  fault->pc = facts.pc;
  fault->range_id = -1;
  fault->distance = NAN;
  fault->thread = this_thread.js == nullptr ? 0 : this_thread.js->number;
  fault->thread_id = SystemThreadId();
  fault->time_ms = NowMs();
}

void DescribeHit(const GuardedRange& range, const FaultFacts& facts, Fault* fault) {
  DescribeWild(facts, fault);
  fault->kind = FaultKind::kGuardPage;
  fault->policy = range.policy;
  fault->range_id = range.id;
  memcpy(fault->range_name, range.name, sizeof(fault->range_name));
  fault->offset = facts.address - range.base;
  fault->wants_stack = range.capture_stack;

  const GuardTables& tables = *range.tables;
  const auto offset = static_cast<double>(fault->offset);
  const size_t page = fault->offset / SystemPageSize();
  const bool is_owned = tables.owners[page] != 0;
  const BlockRecord* const block = is_owned ? BlockOfPage(tables, page) : NearestBlock(tables, page, offset);
  if (block == nullptr) return;
  fault->block = *block;
  fault->distance = DistanceTo(*block, offset);
  fault->kind = KindOf(*block, fault->distance);
}
