// JSON without a library: see fault_json.h.

#include "fault_json.h"

#include <cmath>

#include "fault_words.h"

namespace {

void PutString(TextWriter* out, const char* text) {
  out->Text("\"").Escaped(text, strlen(text)).Text("\"");
}

void PutKey(TextWriter* out, const char* key) {
  out->Text(",\"").Text(key).Text("\":");
}

void PutWord(TextWriter* out, const char* key, const char* word) {
  PutKey(out, key);
  PutString(out, word);
}

void PutNumber(TextWriter* out, const char* key, double number) {
  PutKey(out, key);
  if (std::isnan(number)) {
    out->Text("null");
  } else {
    out->Number(static_cast<int64_t>(number));
  }
}

void PutAddress(TextWriter* out, const char* key, uintptr_t address) {
  PutKey(out, key);
  out->Text("\"").Hex(address).Text("\"");
}

void PutThreadName(TextWriter* out, const char* key, uint32_t number) {
  PutKey(out, key);
  out->Text("\"");
  PutThread(out, number);
  out->Text("\"");
}

// Null for an empty text.
void PutLines(TextWriter* out, const char* key, const char* text) {
  PutKey(out, key);
  if (*text == '\0') {
    out->Text("null");
    return;
  }
  const char* separator = "[";
  while (*text != '\0') {
    const size_t length = strcspn(text, "\n");
    out->Text(separator).Text("\"").Escaped(text, length).Text("\"");
    text += length + (text[length] == '\n' ? 1 : 0);
    separator = ",";
  }
  out->Text("]");
}

void PutBlock(TextWriter* out, const Fault& fault) {
  const BlockRecord& block = fault.block;
  PutKey(out, "block");
  if (block.state == 0) {
    out->Text("null");
    return;
  }
  const bool is_freed = block.state == 2;
  out->Text("{\"pointer\":").Number(static_cast<int64_t>(block.start));
  PutNumber(out, "sizeBytes", block.size);
  PutWord(out, "state", is_freed ? "freed" : "live");
  PutNumber(out, "number", block.number);
  PutNumber(out, "slackBytes", block.slack);
  PutLines(out, "allocatedAt", SiteText(block.alloc_site));
  PutLines(out, "freedAt", is_freed ? SiteText(block.free_site) : "");
  PutThreadName(out, "allocatedBy", block.alloc_thread);
  if (is_freed) {
    PutThreadName(out, "freedBy", block.free_thread);
  } else {
    PutNumber(out, "freedBy", NAN);
  }
  PutNumber(out, "allocatedMsBefore", fault.time_ms - block.alloc_time_ms);
  PutNumber(out, "freedMsBefore", is_freed ? fault.time_ms - block.free_time_ms : NAN);
  out->Text("}");
}

}  // namespace

void PutFaultJson(TextWriter* out, const Fault& fault) {
  out->Text("{\"format\":\"chunkyard-fault 1\"");
  PutNumber(out, "sequence", fault.sequence);
  PutWord(out, "kind", KindWord(fault.kind));
  PutWord(out, "policy", PolicyWord(fault.policy));
  PutAddress(out, "address", fault.address);
  PutWord(out, "access", AccessWord(fault.access, false));
  PutWord(out, "range", fault.range_name);
  PutNumber(out, "rangeId", fault.range_id);
  PutNumber(out, "offsetBytes", static_cast<double>(fault.offset));
  PutBlock(out, fault);
  PutNumber(out, "distanceBytes", fault.distance);
  PutWord(out, "signal", SignalWord(fault.signal));
  PutNumber(out, "signalCode", fault.signal_code);
  PutAddress(out, "pc", fault.pc);
  PutWord(out, "code", CodeWord(PlaceOfCode(fault.pc)));
  PutThreadName(out, "thread", fault.thread);
  PutNumber(out, "threadId", static_cast<double>(fault.thread_id));
  PutNumber(out, "timeMs", fault.time_ms);
  PutLines(out, "jsStack", fault.js_stack);
  out->Text("}\n");
}
