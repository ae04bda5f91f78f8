// A progress line on stderr, drawn only on a terminal and at most ten times a second.
#pragma once

#include <chrono>
#include <string>

namespace unpick::cli {

class Progress {
 public:
  Progress(int64_t total, int64_t start = 0);
  ~Progress();  // leaves the last line standing
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `unit` names what is counted ("steps"), `detail` is shown after the rate and the time left.
  void update(int64_t done, const std::string& unit, const std::string& detail);
  bool due() const;        // true when the next update would be drawn
  double seconds() const;  // since the start

 private:
  using Clock = std::chrono::steady_clock;
  int64_t total_, start_;
  bool terminal_, drawn_ = false;
  Clock::time_point begin_, last_;
};

}  // namespace unpick::cli
