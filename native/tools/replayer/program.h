/*
 * A trace as the replayer reads it: a file of fixed records on descriptor 0, mapped and never copied.
 * Written by lib/compare/program.ts; both sides draw the same picture:
 *
 *   0        8        12       16          24         32
 *   | magic  | version| blocks | operations| records  | records of 16 bytes ...
 *
 *   record      | opcode 1 | 0 0 0 | id 4 | size 8 |          every operation has one
 *   extension   | value 8          | id 4 | 0 0 0 0|          m o w p q P Q n have a second one
 *   thread      | 't'      | 0 0 0 | id 4 | 0      |          no operation: those that follow are thread id's
 */
#ifndef CHUNKYARD_REPLAYER_PROGRAM_H_
#define CHUNKYARD_REPLAYER_PROGRAM_H_

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct program_header {
  char magic[8];
  uint32_t version;
  uint32_t blocks;
  uint64_t operations;
  uint64_t records;
};

struct operation {
  uint8_t opcode; /* the letter of the trace format */
  uint8_t unused[3];
  int32_t id;    /* block number, -1 for the null pointer */
  uint64_t size; /* bytes; a signed offset or parameter in damage operations */
};

struct extension {
  uint64_t value; /* alignment, 64-bit value, or signed second offset */
  int32_t id;     /* second block */
  uint32_t unused;
};

struct program {
  const struct program_header* header;
  const struct operation* records;
  uint32_t threads; /* one more than the highest thread number */
};

/* Most threads of a program. */
enum { kMostThreads = 1024 };

/* Maps and checks the program on a descriptor. Returns NULL when all is well, else what is wrong with it. */
const char* program_map(struct program* program, int descriptor);

/* True for operations whose record is followed by an extension. */
bool program_is_extended(uint8_t opcode);

/* The extension of an extended operation. */
static inline const struct extension* program_extension(const struct operation* operation) {
  return (const struct extension*)(const void*)(operation + 1);
}

/* Memory that the heap under study knows nothing of: zeroed pages, shared with children if asked. NULL on
 * failure. */
void* own_pages(size_t bytes, bool shared);

#endif
