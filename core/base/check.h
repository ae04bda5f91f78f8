// How Unpick says that something is wrong.
//
// Two sorts of mistake. A *programming* mistake (shapes that do not fit) throws `ShapeError` while the graph is recorded,
// never during replay. *Bad input* (a file, a flag, a number) throws `Error`, which carries what, why and what to do, so
// that every front end can print the one line of contract 1 and choose its exit code from `kind`.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace unpick {

enum class ErrorKind {
  failed,  // exit 1: the machine said no (disk full, non-finite loss)
  usage,   // exit 2: the request makes no sense
  data,    // exit 3: a file or array is not what it should be
};

class Error : public std::runtime_error {
 public:
  // `what` names the thing, `why` says what is wrong with it, `hint` what to do about it.
  Error(ErrorKind kind, const std::string& what, const std::string& why, const std::string& hint)
      : std::runtime_error(what + ": " + why + (hint.empty() ? "" : "; " + hint)), kind_(kind) {}
  ErrorKind kind() const { return kind_; }

 private:
  ErrorKind kind_;
};

class ShapeError : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

}  // namespace unpick
