// Text into memory of a fixed size, without allocating: reports are written where nothing may be called. What
// does not fit is left out.

#ifndef NATIVE_TEXT_WRITER_H_
#define NATIVE_TEXT_WRITER_H_

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>

class TextWriter {
 public:
  // Keeps one byte for the NUL of End().
  TextWriter(char* out, size_t size) : out_(out), room_(size - 1) {}

  TextWriter& Bytes(const char* bytes, size_t length) {
    const size_t kept = length < room_ - used_ ? length : room_ - used_;
    memcpy(out_ + used_, bytes, kept);
    used_ += kept;
    return *this;
  }

  TextWriter& Text(const char* text) { return Bytes(text, strlen(text)); }

  TextWriter& Number(int64_t value) {
    if (value < 0) Text("-");
    return Digits(value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value), 10);
  }

  TextWriter& Hex(uint64_t value) { return Text("0x").Digits(value, 16); }

  // Inside of quotes, as JSON has it.
  TextWriter& Escaped(const char* text, size_t length) {
    for (size_t i = 0; i < length; i++) {
      const char byte = text[i];
      if (byte == '"' || byte == '\\') Text("\\");
      if (static_cast<unsigned char>(byte) >= 0x20) {
        Bytes(&byte, 1);
      } else {
        const char* const digits = "0123456789abcdef";
        const char code[] = {'\\', 'u', '0', '0', digits[byte >> 4], digits[byte & 15]};
        Bytes(code, sizeof(code));
      }
    }
    return *this;
  }

  void End() { out_[used_] = '\0'; }

  // All of it, even if the file takes it in pieces; stops at an error.
  void WriteTo(int fd) const {
    for (size_t done = 0; done < used_;) {
      const ssize_t count = write(fd, out_ + done, used_ - done);
      if (count <= 0) return;
      done += static_cast<size_t>(count);
    }
  }

 private:
  TextWriter& Digits(uint64_t value, unsigned base) {
    char digits[20];
    size_t at = sizeof(digits);
    do {
      digits[--at] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value > 0);
    return Bytes(digits + at, sizeof(digits) - at);
  }

  char* const out_;
  const size_t room_;
  size_t used_ = 0;
};

#endif  // NATIVE_TEXT_WRITER_H_
