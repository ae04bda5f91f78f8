// Exceptions in the program with threads, as clang 14 compiles them.
//
// Why: that clang takes the place where a landing pad and the unwinder meet for an ordinary variable, and Emscripten's unwinder
// has it once for each thread, so that nothing would ever be caught. Here is that unwinder with an ordinary variable. Two threads that
// throw in the same moment would disturb each other; in the lab a user's mistake throws, on the trainer's thread.
#include <threads.h>
#undef thread_local
#define thread_local
#include "Unwind-wasm.c"
