// Any bytes give an answer or an Error, never a crash. Read next: native/io/npy.h
#include "native/io/npy.h"

#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    unpick::io::parse_npy(std::as_bytes(std::span(data, size)));
  } catch (const unpick::Error&) {
  }
  return 0;
}
