// See interrupt.h.
#include "native/cli/interrupt.h"

#include <csignal>

namespace unpick::cli {
namespace {

volatile std::sig_atomic_t flag = 0;

void handle(int signal) {
  flag = 1;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void watch_interrupts() {
  std::signal(SIGINT, handle);
  std::signal(SIGTERM, handle);
}

bool interrupted() { return flag != 0; }

}  // namespace unpick::cli
