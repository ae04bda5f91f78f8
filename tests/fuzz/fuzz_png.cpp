// Any bytes give an answer or an Error, never a crash. Read next: native/io/png.h
#include "native/io/png.h"

#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    unpick::io::parse_png(std::as_bytes(std::span(data, size)));
  } catch (const unpick::Error&) {
  }
  return 0;
}
