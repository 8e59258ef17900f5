/*
 * A run whose every result is looked at: its placement, the footprint, what failed. Pointers stay in the
 * table after `f`, because damage operations may use them; a valid trace never frees them twice.
 */
#include <string.h>

#include "libc_calls.h"
#include "runs.h"

/* Runs one heap call. Returns true if it gives a block, in *given. */
static bool heap_call(const struct operation* operation, void** blocks, void** given) {
  void** block = operation->id < 0 ? NULL : &blocks[operation->id];
  switch (operation->opcode) {
    case 'a':
      *given = *block = malloc(operation->size);
      return true;
    case 'c':
      *given = *block = calloc(1, operation->size);
      return true;
    case 'm':
      *given = *block = aligned_block(program_extension(operation)->value, operation->size);
      return true;
    case 'r':
      *given = realloc(*block, operation->size);
      if (*given) *block = *given;
      return true;
    default:
      free(block ? *block : NULL);
      return false;
  }
}

static bool is_heap_call(uint8_t opcode) {
  return opcode != 0 && strchr("acmrf", opcode) != NULL;
}

static size_t mapping_before(const struct operation* operation, void** blocks, const struct arena* arena) {
  bool ends = operation->opcode == 'f' || operation->opcode == 'r';
  return ends && operation->id >= 0 ? arena_own_mapping_bytes(arena, blocks[operation->id]) : 0;
}

/* Footprint: what the heaps grew by plus the blocks in mappings of their own. */
static size_t footprint_now(const struct arena* arena, const struct watch* watch) {
  return arena_heap_bytes(arena) - watch->bytes_before + watch->mapped_bytes;
}

static void account(const struct arena* arena, struct watch* watch) {
  size_t now = footprint_now(arena, watch);
  if (now > watch->peak_bytes) watch->peak_bytes = now;
}

static void run_heap_call(const struct operation* operation, void** blocks, struct arena* arena,
                          struct watch* watch) {
  /* Headers of a damaged heap say nothing about its footprint, and reading them may fault. */
  size_t old_mapping = watch->damage ? 0 : mapping_before(operation, blocks, arena);
  void* given = NULL;
  bool gives = heap_call(operation, blocks, &given);
  if (gives && given == NULL) watch->failed++;
  if (gives) arena_notice(arena, given);
  if (!watch->damage) {
    bool kept = operation->opcode == 'r' && given == NULL;
    if (!kept) watch->mapped_bytes -= old_mapping;
    if (gives) watch->mapped_bytes += arena_own_mapping_bytes(arena, given);
    account(arena, watch);
    if (watch->timeline) timeline_note(watch->timeline, operation, given);
  }
  if (!watch->placements) return;
  if (gives) {
    arena_place(arena, given, &watch->lines);
  } else {
    text_string(&watch->lines, "-");
  }
}

static void look(const struct program* program, const struct arena* arena, const struct watch* watch) {
  bool is_last = watch->operations == program->header->operations;
  if (!is_last && !timeline_is_due(watch->timeline, watch->operations)) return;
  timeline_sample(watch->timeline, watch->operations, footprint_now(arena, watch), arena_top_bytes(arena));
}

uint64_t run_watched(const struct program* program, uint64_t from, void** blocks, struct arena* arena,
                     struct watch* watch) {
  const struct operation* end = program->records + program->header->records;
  const struct operation* now = program->records + from;
  for (; now < end; now++) {
    if (now->opcode == 't') break;
    if (is_heap_call(now->opcode)) {
      run_heap_call(now, blocks, arena, watch);
    } else if (!watch->damage || !run_damage(now, blocks, arena, &watch->lines)) {
      if (watch->placements) text_string(&watch->lines, "-");
    }
    if (watch->placements) text_string(&watch->lines, "\n");
    if (program_is_extended(now->opcode)) now++;
    watch->operations++;
    if (watch->timeline) look(program, arena, watch);
  }
  return (uint64_t)(now - program->records);
}
