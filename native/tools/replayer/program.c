/* Maps a program and proves that every record is whole and every block number in range, before anything runs.
 */
#include "program.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#ifndef MAP_POPULATE
#define MAP_POPULATE 0
#endif

bool program_is_extended(uint8_t opcode) {
  return opcode != 0 && strchr("mowpqPQn", opcode) != NULL;
}

static bool uses_second_block(uint8_t opcode) {
  return opcode == 'p' || opcode == 'q' || opcode == 'n';
}

static bool uses_block(uint8_t opcode) {
  return opcode != 's' && opcode != 'o';
}

static bool is_operation(uint8_t opcode) {
  return opcode != 0 && strchr("acmrfuDsowpqPQln", opcode) != NULL;
}

static bool is_block(const struct program* program, int32_t id) {
  return id >= 0 && (uint32_t)id < program->header->blocks;
}

static const char* check_record(const struct program* program, uint64_t index) {
  const struct operation* operation = &program->records[index];
  uint8_t opcode = operation->opcode;
  if (!is_operation(opcode)) return "unknown operation";
  if (program_is_extended(opcode) && index + 1 >= program->header->records)
    return "last operation is cut off";
  if (opcode == 'f' && operation->id == -1) return NULL;
  if (uses_block(opcode) && !is_block(program, operation->id)) return "block number out of range";
  if (uses_second_block(opcode) && !is_block(program, program_extension(operation)->id)) {
    return "second block number out of range";
  }
  return NULL;
}

/* Counts a record that names a thread. False when it cannot be meant. */
static bool note_thread(struct program* program, int32_t id) {
  if (id < 0 || id >= kMostThreads) return false;
  if ((uint32_t)id >= program->threads) program->threads = (uint32_t)id + 1;
  return true;
}

static const char* check_records(struct program* program) {
  uint64_t operations = 0;
  program->threads = 1;
  for (uint64_t index = 0; index < program->header->records; index++) {
    const struct operation* operation = &program->records[index];
    if (operation->opcode == 't') {
      if (!note_thread(program, operation->id)) return "thread number out of range";
      continue;
    }
    operations++;
    const char* wrong = check_record(program, index);
    if (wrong) return wrong;
    if (program_is_extended(program->records[index].opcode)) index++;
  }
  return operations == program->header->operations ? NULL : "number of operations differs from the header's";
}

const char* program_map(struct program* program, int descriptor) {
  struct stat status;
  if (fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) return "expected a file on standard input";
  size_t bytes = (size_t)status.st_size;
  if (bytes < sizeof(struct program_header)) return "no program on standard input";
  void* pages = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_POPULATE, descriptor, 0);
  if (pages == MAP_FAILED) return "the program cannot be mapped";
  program->header = pages;
  program->records = (const struct operation*)(const void*)(program->header + 1);
  if (memcmp(program->header->magic, "cyreplay", 8) != 0) return "standard input is no replay program";
  if (program->header->version != 1) return "the replay program is of another version";
  uint64_t room = (bytes - sizeof(struct program_header)) / sizeof(struct operation);
  if (program->header->records != room) return "the replay program is cut off";
  return check_records(program);
}

void* own_pages(size_t bytes, bool shared) {
  int flags = (shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANON | MAP_NORESERVE;
  void* pages = mmap(NULL, bytes ? bytes : 1, PROT_READ | PROT_WRITE, flags, -1, 0);
  return pages == MAP_FAILED ? NULL : pages;
}
