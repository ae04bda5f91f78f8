#include "tests/places.h"

namespace unpick::test {

const char* const kSourceDir = UNPICK_SOURCE_DIR;
const char* const kProgram = UNPICK_PROGRAM;

}  // namespace unpick::test
