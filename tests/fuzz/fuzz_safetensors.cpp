// Any bytes give an answer or an Error, never a crash. Read next: native/io/safetensors.h
#include "native/io/safetensors.h"

#include "core/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    unpick::io::parse_safetensors(std::as_bytes(std::span(data, size)));
  } catch (const unpick::Error&) {
  }
  return 0;
}
