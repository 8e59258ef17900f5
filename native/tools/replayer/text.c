/* Numbers and strings into a buffer; see text.h. */
#include "text.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

void text_bytes(struct text* text, const char* bytes, size_t length) {
  if (length > text->limit - text->used) return;
  memcpy(text->bytes + text->used, bytes, length);
  text->used += length;
}

void text_string(struct text* text, const char* string) {
  text_bytes(text, string, strlen(string));
}

static void in_base(struct text* text, uint64_t value, unsigned base) {
  char digits[24];
  char* first = digits + sizeof digits;
  do {
    *--first = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  text_bytes(text, first, (size_t)(digits + sizeof digits - first));
}

void text_unsigned(struct text* text, uint64_t value) {
  in_base(text, value, 10);
}

void text_signed(struct text* text, int64_t value) {
  if (value < 0) text_string(text, "-");
  in_base(text, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

void text_hex(struct text* text, uint64_t value) {
  text_string(text, "0x");
  in_base(text, value, 16);
}

int text_write(const struct text* text, int descriptor) {
  size_t written = 0;
  while (written < text->used) {
    ssize_t count = write(descriptor, text->bytes + written, text->used - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return -1;
    written += (size_t)count;
  }
  return 0;
}
