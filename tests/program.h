// The program as a process: started, signalled, waited for.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/io_support.h"
#include "tests/places.h"

namespace unpick::io {

// The program, started with its output in files.
class Program {
 public:
  Program(const TemporaryFolder& folder, std::vector<std::string> arguments)
      : out_(folder / "stdout.txt"), err_(folder / "stderr.txt") {
    std::vector<char*> argv{const_cast<char*>(test::kProgram)};
    for (std::string& a : arguments) argv.push_back(a.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    redirect(out_, STDOUT_FILENO);
    redirect(err_, STDERR_FILENO);
    execv(test::kProgram, argv.data());
    _exit(127);
  }

  void signal(int number) const { kill(pid_, number); }
  int wait() const {  // exit code, or -signal
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }
  std::string out() const { return text_of(out_); }
  std::string err() const { return text_of(err_); }

 private:
  static void redirect(const std::string& path, int to) {
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, to);
    close(file);
  }
  std::string out_, err_;
  pid_t pid_;
};

}  // namespace unpick::io
