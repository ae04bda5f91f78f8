// See progress.h.
#include "native/cli/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace unpick::cli {
namespace {

std::string duration(double seconds) {
  char text[32];
  if (seconds < 100)
    std::snprintf(text, sizeof text, "%.0f s", seconds);
  else
    std::snprintf(text, sizeof text, "%d:%02d min", static_cast<int>(seconds) / 60, static_cast<int>(seconds) % 60);
  return text;
}

}  // namespace

Progress::Progress(int64_t total, int64_t start)
    : total_(total), start_(start), terminal_(isatty(STDERR_FILENO) == 1), begin_(Clock::now()), last_(begin_) {}

Progress::~Progress() {
  if (drawn_) std::fputc('\n', stderr);
}

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

bool Progress::due() const { return terminal_ && Clock::now() - last_ > std::chrono::milliseconds(100); }

void Progress::update(int64_t done, const std::string& unit, const std::string& detail) {
  if (!terminal_) return;
  constexpr int kWidth = 24;
  const double share = total_ > 0 ? static_cast<double>(done) / static_cast<double>(total_) : 1;
  const double rate = static_cast<double>(done - start_) / std::max(seconds(), 1e-9);
  const double left = static_cast<double>(total_ - done) / std::max(rate, 1e-9);
  std::string bar;
  for (int i = 0; i < kWidth; ++i) bar += i < share * kWidth ? "━" : "─";
  std::fprintf(stderr, "\r\033[K%s %3.0f %%  %lld/%lld %s  %.0f/s  %s left  %s", bar.c_str(), 100 * share,
               static_cast<long long>(done), static_cast<long long>(total_), unit.c_str(), rate, duration(left).c_str(),
               detail.c_str());
  std::fflush(stderr);
  last_ = Clock::now();
  drawn_ = true;
}

}  // namespace unpick::cli
