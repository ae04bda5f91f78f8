// The desktop app as a person uses it: a pointer and a keyboard on a virtual screen (Xvfb, xdotool), and what is then in the log
// that "export" writes. Skipped where there is no such screen.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <thread>

#include "tests/program.h"

namespace unpick {
namespace {

namespace fs = std::filesystem;

constexpr const char *kPause = "136 26", *kExport = "1095 26";                             // where they are in a window of 1280x800
constexpr const char *kFirstLatent = "492 208", *kHalfWay = "560 208", *kEnd = "620 208";  // its line: from -0.5 to 1.6

bool shell(const std::string& command) { return std::system((command + " >/dev/null 2>&1").c_str()) == 0; }
bool pointer(const std::string& what) { return shell("xdotool " + what); }
void wait(double seconds) { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); }

// A screen that nobody sees, and that finds a number for itself.
class Screen {
 public:
  Screen() {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], STDOUT_FILENO);
      execlp("Xvfb", "Xvfb", "-displayfd", "1", "-nolisten", "tcp", "-screen", "0", "1280x800x24", nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string number;
    for (char c = 0; read(ends[0], &c, 1) == 1 && c != '\n';) number += c;
    close(ends[0]);
    there = !number.empty();
    setenv("DISPLAY", (":" + number).c_str(), 1);
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() {
    kill(pid_, SIGTERM);
    waitpid(pid_, nullptr, 0);
  }

  bool there = false;

 private:
  pid_t pid_;
};

// The app in a folder of its own, until it is told to end.
class DesktopApp {
 public:
  DesktopApp() : from_(fs::current_path()) {
    fs::current_path(folder_.path);
    setenv("XDG_CONFIG_HOME", folder_.path.c_str(), 1);
    program_.emplace(folder_, std::vector<std::string>{"app", "--threads", "1"});
  }
  DesktopApp(const DesktopApp&) = delete;
  DesktopApp& operator=(const DesktopApp&) = delete;
  ~DesktopApp() {
    program_->signal(SIGTERM);
    program_->wait();
    fs::current_path(from_);
  }

  std::string complaint() const { return program_->err(); }

  // Clicks "export" and reads the commands that it writes.
  std::string exported() const {
    const std::string file = folder_ / "runs/lab-1/commands.txt";
    pointer(std::string("mousemove ") + kExport + " click 1");
    for (int tries = 0; tries < 150 && !fs::exists(file); ++tries) wait(0.2);
    return io::text_of(file);
  }

 private:
  io::TemporaryFolder folder_;
  fs::path from_;
  std::optional<io::Program> program_;
};

long count(const std::string& text, const std::string& word) {
  long n = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++n;
  return n;
}

TEST(Desktop, EveryClickAndKeyIsFeltAndADragMovesTheCode) {
  if (!shell("command -v Xvfb && command -v xdotool")) GTEST_SKIP() << "no virtual screen; needs Xvfb and xdotool";
  const Screen screen;
  if (!screen.there) GTEST_SKIP() << "Xvfb finds no place for a screen";
  const DesktopApp app;
  const bool opened = shell("timeout 60 xdotool search --sync --onlyvisible --name Unpick");
  if (app.complaint().starts_with("unpick app: window: ")) GTEST_SKIP() << "no OpenGL on a virtual screen: " << app.complaint();
  ASSERT_TRUE(opened) << app.complaint();

  // A click is shorter than a frame.
  for (int i = 0; i < 6; ++i) {
    ASSERT_TRUE(pointer(std::string("mousemove ") + kPause + " click 1"));
    wait(1);
  }
  pointer("key space");
  wait(1);
  pointer("key space");
  wait(1);
  // Meanwhile the first pictures were made; on a busy machine perhaps only now.
  for (int i = 0; i < 3; ++i) {
    pointer(std::string("mousemove ") + kFirstLatent + " sleep .3 mousedown 1 sleep .3 mousemove " + kHalfWay +
            " sleep .3 mousemove " + kEnd + " sleep .5 mouseup 1");
    wait(1);
  }
  const std::string log = app.exported();
  EXPECT_EQ(count(log, " play\n"), 5) << "with the one that starts the first run\n" << log;
  EXPECT_EQ(count(log, " pause\n"), 5) << "with the one that ends every script\n" << log;
  EXPECT_NE(log.find(" 1.6"), std::string::npos) << "the drag ends at 1.6 standard deviations\n" << log;
}

}  // namespace
}  // namespace unpick
