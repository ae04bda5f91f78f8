// Ctrl-C and SIGTERM as a flag: a running job looks at it between steps, saves and ends with exit code 130.
#pragma once

namespace unpick::cli {

void watch_interrupts();  // from now on the two signals set the flag; a second one ends the process at once
bool interrupted();

}  // namespace unpick::cli
