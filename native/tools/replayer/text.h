/* Text without stdio: grows in a fixed piece of shared memory, so it outlives the child that wrote it. */
#ifndef CHUNKYARD_REPLAYER_TEXT_H_
#define CHUNKYARD_REPLAYER_TEXT_H_

#include <stddef.h>
#include <stdint.h>

struct text {
  size_t used;
  size_t limit;
  char* bytes;
};

/* What does not fit is dropped; `used` tells. */
void text_string(struct text* text, const char* string);
void text_bytes(struct text* text, const char* bytes, size_t length);
void text_unsigned(struct text* text, uint64_t value);
void text_signed(struct text* text, int64_t value);
void text_hex(struct text* text, uint64_t value);

/* Writes all of it to a descriptor. Returns 0, or -1 when the reader is gone. */
int text_write(const struct text* text, int descriptor);

#endif
