/* The loop that is timed and whose system calls are counted; see runs.h. */
#include "libc_calls.h"
#include "runs.h"

void run_bare(const struct program* program, void** blocks) {
  const struct operation* end = program->records + program->header->records;
  for (const struct operation* now = program->records; now < end; now++) {
    switch (now->opcode) {
      case 'a':
        blocks[now->id] = malloc(now->size);
        break;
      case 'f':
        if (now->id < 0) {
          free(NULL);
        } else {
          free(blocks[now->id]);
          blocks[now->id] = NULL;
        }
        break;
      case 'r': {
        void* moved = realloc(blocks[now->id], now->size);
        if (moved) blocks[now->id] = moved;
        break;
      }
      case 'c':
        blocks[now->id] = calloc(1, now->size);
        break;
      case 'm':
        blocks[now->id] = aligned_block(program_extension(now)->value, now->size);
        now++;
        break;
      default:
        if (program_is_extended(now->opcode)) now++;
    }
  }
}
