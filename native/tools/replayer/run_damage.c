/*
 * The operations for studying damaged heaps. They read and write where they are told, without asking: what
 * happens then is what happens on this C library, and the child is there to die of it.
 */
#include <string.h>

#include "libc_calls.h"
#include "runs.h"

static void write_word(uintptr_t location, uint64_t value) {
  memcpy((void*)location, &value, sizeof value);
}

static uint64_t read_word(uintptr_t location) {
  uint64_t value;
  memcpy(&value, (const void*)location, sizeof value);
  return value;
}

/* Safe-linking: a link is stored XORed with the page number of the place where it is stored. */
static uint64_t mangle(uintptr_t location, uint64_t link) {
  return (location >> 12) ^ link;
}

static bool write_value(struct text* lines, uint64_t value) {
  text_string(lines, "= ");
  text_unsigned(lines, value);
  return true;
}

bool run_damage(const struct operation* operation, void** blocks, const struct arena* arena,
                struct text* lines) {
  void* block = operation->id < 0 ? NULL : blocks[operation->id];
  uintptr_t location = (uintptr_t)block + operation->size;
  const struct extension* extension = program_is_extended(operation->opcode)
                                          ? program_extension(operation)
                                          : &(const struct extension){0, 0, 0};
  uint64_t target = (uintptr_t)blocks[extension->id] + extension->value;
  uint64_t chunk = arena->first_chunk + extension->value;
  switch (operation->opcode) {
    case 'u':
      return write_value(lines, usable_size(block));
    case 'l':
      return write_value(lines, read_word(location));
    case 's':
      trim_heap(operation->size);
      break;
    case 'o':
      set_option((int)(int64_t)operation->size, (int)(int64_t)extension->value);
      break;
    case 'D':
      free(block);
      break;
    case 'w':
      write_word(location, extension->value);
      break;
    case 'p':
      write_word(location, target);
      break;
    case 'q':
      write_word(location, mangle(location, target));
      break;
    case 'P':
      write_word(location, chunk);
      break;
    case 'Q':
      write_word(location, mangle(location, chunk));
      break;
    case 'n':
      blocks[operation->id] = (void*)(uintptr_t)target;
      break;
  }
  return false;
}
