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

/* Footprint: what the heaps grew by plus the blocks in mappings of their own. */
struct footprint {
  size_t before; /* heap bytes that were there already */
  size_t mapped;
};

static size_t mapping_before(const struct operation* operation, void** blocks, const struct arena* arena) {
  bool ends = operation->opcode == 'f' || operation->opcode == 'r';
  return ends && operation->id >= 0 ? arena_own_mapping_bytes(arena, blocks[operation->id]) : 0;
}

static void account(struct footprint* footprint, const struct arena* arena, size_t* peak) {
  size_t now = arena_heap_bytes(arena) - footprint->before + footprint->mapped;
  if (now > *peak) *peak = now;
}

static void run_heap_call(const struct operation* operation, void** blocks, struct arena* arena,
                          struct watch* watch, struct footprint* footprint) {
  /* Headers of a damaged heap say nothing about its footprint, and reading them may fault. */
  size_t old_mapping = watch->damage ? 0 : mapping_before(operation, blocks, arena);
  void* given = NULL;
  bool gives = heap_call(operation, blocks, &given);
  if (gives && given == NULL) watch->failed++;
  if (gives) arena_notice(arena, given);
  if (!watch->damage) {
    bool kept = operation->opcode == 'r' && given == NULL;
    if (!kept) footprint->mapped -= old_mapping;
    if (gives) footprint->mapped += arena_own_mapping_bytes(arena, given);
    account(footprint, arena, &watch->peak_bytes);
  }
  if (!watch->placements) return;
  if (gives) {
    arena_place(arena, given, &watch->lines);
  } else {
    text_string(&watch->lines, "-");
  }
}

void run_watched(const struct program* program, void** blocks, struct arena* arena, struct watch* watch) {
  struct footprint footprint = {arena_heap_bytes(arena), 0};
  const struct operation* end = program->records + program->header->records;
  for (const struct operation* now = program->records; now < end; now++) {
    if (is_heap_call(now->opcode)) {
      run_heap_call(now, blocks, arena, watch, &footprint);
    } else if (!watch->damage || !run_damage(now, blocks, arena, &watch->lines)) {
      if (watch->placements) text_string(&watch->lines, "-");
    }
    if (watch->placements) text_string(&watch->lines, "\n");
    if (program_is_extended(now->opcode)) now++;
    watch->operations++;
  }
}
