// Flushing denormal numbers to zero while it lives, on this thread.
//
// Why: numbers below 1e-38 carry nothing here, but processors take a hundred times longer over them, and training makes many:
// sigmoids of very negative logits, Adam's moments of latents that are not in use. On the live preset it costs a third of
// the speed. Which file implements it (denormals_sse.cpp | denormals_none.cpp) is chosen when linking.
#pragma once

namespace unpick {

class FlushDenormals {
 public:
  FlushDenormals();
  ~FlushDenormals();
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;

 private:
  [[maybe_unused]] unsigned before_;  // where there is a switch
};

}  // namespace unpick
