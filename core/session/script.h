// The commands of a lab as a text file: what a window wrote can be replayed without one.
//
//   # a comment
//   0 start data=dsprites seed=3
//   250 set beta 8
//   900 pause
//
// The number is that of the steps done when the command took effect, and starts again at 0 after each "start".
// Read next: core/session/commands.def
#pragma once

#include <string>
#include <vector>

#include "core/session/snapshot.h"

namespace unpick {

// `opening` is the first line's command; empty if the run came from a file and cannot be replayed from nothing. `step`: where the
// run stood, and a replay ends.
std::string script_text(const std::string& opening, const std::vector<LoggedLine>& log, int64_t step);

// Error(data) naming the line that has no number of steps, or no command. Whether a command makes sense is the lab's to say.
std::vector<LoggedLine> parse_script(const std::string& text, const std::string& where);

}  // namespace unpick
