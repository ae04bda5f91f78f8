// Any bytes, packed or not, give an answer or an Error, never a crash; so does a data set of what was read. Read next:
// native/io/idx.h
#include "native/io/idx.h"

#include "core/base/check.h"
#include "native/data/fashion_mnist.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace unpick;
  try {
    const io::Array array = io::parse_idx(std::as_bytes(std::span(data, size)));
    const size_t pictures = array.bytes.size() / (28 * 28);
    const io::Array labels = io::Array::of({static_cast<int64_t>(pictures)}, std::vector<uint8_t>(pictures));
    fashion_of(array, labels, "fuzz");
  } catch (const Error&) {
  }
  return 0;
}
