// Any spec gives a data set or an Error; a data set names itself so that it opens again. Read next: core/data/dataset.h
#include <cstdlib>

#include "core/data/dataset.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    const auto opened = unpick::open_dataset(std::string(reinterpret_cast<const char*>(data), size));
    if (unpick::open_dataset(opened->spec())->size() != opened->size()) std::abort();
  } catch (const unpick::Error&) {
  }
  return 0;
}
