// POSIX calls with every result checked. Read native/io/files.h first.
#include "native/io/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/base/check.h"

namespace unpick::io {
namespace {

struct Descriptor {
  int fd;
  explicit Descriptor(int opened) : fd(opened) {}
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
};

[[noreturn]] void cannot_read(const std::string& path, int code) {
  throw Error(ErrorKind::data, path, std::strerror(code),
              code == ENOENT   ? "check the path"
              : code == EACCES ? "check its permissions"
              : code == EISDIR ? "name a file in it"
                               : "check that it is a readable file");
}

[[noreturn]] void cannot_write(const std::string& path, int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  const bool missing = code == ENOENT || code == ENOTDIR;
  throw Error(ErrorKind::failed, path, std::string("cannot write: ") + std::strerror(code),
              full      ? "free some space, or choose another --out; what was there before is unchanged"
              : missing ? "make the folder first, or choose another --out"
                        : "choose another --out");
}

// 0, or the errno of the failure.
int write_all(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0 ? errno : ENOSPC;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return 0;
}

// close() reports what a network disk could not keep, so its result counts.
int close_checked(Descriptor& file) {
  const int result = ::close(file.fd);
  file.fd = -1;
  return result == 0 || errno == EINTR ? 0 : errno;
}

void write_in_place(const std::string& path, std::span<const std::byte> bytes) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (file.fd < 0) cannot_write(path, errno);
  if (const int code = write_all(file.fd, bytes)) cannot_write(path, code);
  if (const int code = close_checked(file)) cannot_write(path, code);
}

// A new file beside the target, removed unless it became the target.
struct Temporary {
  std::string name;
  Descriptor file{-1};
  bool kept = false;

  Temporary(const std::string& folder, const std::string& target) {
    static std::atomic<unsigned> counter{0};
    do {
      name = folder + "/.unpick-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp";
      file.fd = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (file.fd < 0 && errno == EEXIST);
    if (file.fd < 0) cannot_write(target, errno);
  }
  ~Temporary() {
    if (!kept) ::unlink(name.c_str());
  }
};

void sync_folder(const std::string& folder, const std::string& target) {
  Descriptor directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.fd < 0) return;                               // a folder may be writable and not readable
  if (::fsync(directory.fd) == 0 || errno == EINVAL) return;  // EINVAL: this file system has no such notion
  cannot_write(target, errno);
}

}  // namespace

std::vector<std::byte> read_file(const std::string& path, size_t limit) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) cannot_read(path, errno);
  struct stat info {};
  if (::fstat(file.fd, &info) != 0) cannot_read(path, errno);

  // The size is a hint only: pipes have none and a file may grow. One byte above it lets the end be seen in one read.
  const size_t hint = S_ISREG(info.st_mode) ? static_cast<size_t>(info.st_size) : 0;
  std::vector<std::byte> bytes(std::min(hint, limit) + 1);
  size_t used = 0;
  for (;;) {
    const ssize_t n = ::read(file.fd, bytes.data() + used, bytes.size() - used);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) cannot_read(path, errno);
    if (n == 0) break;
    used += static_cast<size_t>(n);
    if (used > limit) {
      throw Error(ErrorKind::data, path, "is longer than the " + std::to_string(limit) + " bytes allowed here",
                  "check that it is the right file");
    }
    if (used == bytes.size()) bytes.resize(std::min(2 * used + 65536, limit + 1));
  }
  bytes.resize(used);
  return bytes;
}

void write_atomically(const std::string& path, std::span<const std::byte> bytes) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  if (exists && S_ISDIR(info.st_mode)) cannot_write(path, EISDIR);
  if (exists && !S_ISREG(info.st_mode)) return write_in_place(path, bytes);

  std::error_code ignored;
  const auto followed = exists ? std::filesystem::canonical(path, ignored) : std::filesystem::path(path);
  const std::string target = ignored ? path : followed.string();
  const std::string parent = std::filesystem::path(target).parent_path().string();
  const std::string folder = parent.empty() ? "." : parent;

  Temporary temporary(folder, path);
  if (const int code = write_all(temporary.file.fd, bytes)) cannot_write(path, code);
  if (::fsync(temporary.file.fd) != 0) cannot_write(path, errno);
  if (const int code = close_checked(temporary.file)) cannot_write(path, code);
  if (::rename(temporary.name.c_str(), target.c_str()) != 0) cannot_write(path, errno);
  temporary.kept = true;
  sync_folder(folder, path);
}

void write_atomically(const std::string& path, std::string_view text) {
  write_atomically(path, std::as_bytes(std::span(text.data(), text.size())));
}

}  // namespace unpick::io
