// Where the sources and the program lie on this machine. Known to places.cpp alone, so that a cache of compiled files serves every
// checkout.
#pragma once

namespace unpick::test {

extern const char* const kSourceDir;
extern const char* const kProgram;  // the command line

}  // namespace unpick::test
