// The report as text: see fault_report.h. The first three lines stand alone.

#include "fault_report.h"

#include <unistd.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <cstdlib>

#include "fault_json.h"
#include "fault_words.h"
#include "text_writer.h"

namespace {

std::atomic<bool> reported{false};
int report_fd = -1;
// Too large for a signal's stack.
char buffer[16384];

void PutLines(TextWriter* out, const char* text) {
  while (*text != '\0') {
    const size_t length = strcspn(text, "\n");
    out->Text("    ").Bytes(text, length).Text("\n");
    text += length + (text[length] == '\n' ? 1 : 0);
  }
}

void PutPlace(TextWriter* out, const Fault& fault) {
  const BlockRecord& block = fault.block;
  const auto distance = static_cast<int64_t>(fault.distance);
  if (std::isnan(fault.distance)) {
    out->Number(static_cast<int64_t>(static_cast<double>(fault.offset) - block.start)).Text(" bytes into ");
  } else if (distance < 0) {
    out->Number(-distance).Text(" bytes before the start of ");
  } else {
    out->Number(distance).Text(" bytes past the end of ");
  }
  const uintptr_t start = fault.address - fault.offset + static_cast<uintptr_t>(block.start);
  out->Text(block.state == 2 ? "freed " : "").Number(static_cast<int64_t>(block.size));
  out->Text("-byte allocation #").Number(block.number).Text(" [").Hex(start).Text(",");
  out->Hex(start + static_cast<uintptr_t>(block.size)).Text(")");
  if (block.slack > 0) out->Text(", slack of ").Number(block.slack).Text(" bytes before the guard");
}

void PutSite(TextWriter* out, const char* verb, const Fault& fault, const BlockSite& site) {
  if (site.thread == 0 && site.number == 0) return;
  out->Text("  ").Text(verb).Text(" ");
  out->Number(static_cast<int64_t>(std::fmax(0, fault.time_ms - site.time_ms)))
      .Text(" ms earlier by thread ");
  PutThread(out, site.thread);
  out->Text(site.number == 0 ? ", stack not kept\n" : ":\n");
  PutLines(out, SiteText(site.number));
}

// The first frame that is not Node's own.
void PutOwnFrame(TextWriter* out, const char* stack) {
  const char* line = stack;
  size_t length = strcspn(line, "\n");
  while (line[length] != '\0' && memmem(line, length, "(node:", 6) != nullptr) {
    line += length + 1;
    length = strcspn(line, "\n");
  }
  out->Bytes(line, length);
}

void PutText(TextWriter* out, const Fault& fault) {
  out->Text("==").Number(getpid()).Text("==ERROR: chunkyard: ").Text(KindWord(fault.kind)).Text(": ");
  out->Text(AccessWord(fault.access, true)).Text(" at ").Hex(fault.address);
  out->Text(" (\"").Text(fault.range_name).Text("\", +").Hex(fault.offset).Text(")\n  ");
  if (fault.block.state != 0) {
    PutPlace(out, fault);
  } else {
    out->Text("no block is near");
  }
  out->Text("\n  thread ");
  PutThread(out, fault.thread);
  out->Text(" (tid ").Number(static_cast<int64_t>(fault.thread_id)).Text("), ");
  out->Text(SignalWord(fault.signal)).Text(" code ").Number(fault.signal_code);
  out->Text(", pc ").Hex(fault.pc).Text(" in ").Text(CodeWords(PlaceOfCode(fault.pc))).Text("\n");
  if (fault.js_stack[0] != '\0') {
    out->Text("  JS stack (taken at the next safepoint, may be one call late):\n");
    PutLines(out, fault.js_stack);
  }
  if (fault.block.state != 0) PutSite(out, "allocated", fault, AllocationOf(fault.block));
  if (fault.block.state == 2) PutSite(out, "freed", fault, FreeOf(fault.block));
  out->Text("  SUMMARY: ").Text(KindWord(fault.kind));
  if (fault.js_stack[0] != '\0') PutOwnFrame(&out->Text(" "), fault.js_stack);
  out->Text("\n==").Number(getpid()).Text("==ABORTING\n");
}

}  // namespace

void PrepareFaultReport() {
  const char* const text = getenv("CHUNKYARD_REPORT_FD");
  if (text == nullptr) return;
  char* end = nullptr;
  const long fd = strtol(text, &end, 10);
  if (end != text && *end == '\0' && fd >= 0 && fd < 65536) report_fd = static_cast<int>(fd);
}

void ReportFault(const Fault& fault) {
  if (reported.exchange(true)) return;
  TextWriter text(buffer, sizeof(buffer));
  PutText(&text, fault);
  text.WriteTo(STDERR_FILENO);
  if (report_fd < 0) return;
  TextWriter json(buffer, sizeof(buffer));
  PutFaultJson(&json, fault);
  json.WriteTo(report_fd);
}
