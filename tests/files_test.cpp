// A folder is valid at any instant: a file is the old one or the new one, whatever goes wrong in between.
#include "native/io/files.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>
#include <thread>

#include "tests/io_support.h"

namespace unpick::io {
namespace {

using Names = std::vector<std::string>;

std::string failure(const std::string& path, std::string_view text) {
  return error_of([&] { write_atomically(path, text); });
}

TEST(Files, WhatIsWrittenIsReadBack) {
  const TemporaryFolder folder;
  for (const size_t size : std::vector<size_t>{0, 1, 65535, 65536, 65537, 3'000'000}) {
    std::string text(size, 'x');
    if (size) text.back() = '\0';
    write_atomically(folder / "file", text);
    EXPECT_EQ(text_of(folder / "file"), text);
  }
  EXPECT_EQ(folder.names(), Names{"file"}) << "no temporary is left";
}

TEST(Files, ARelativeNameWithoutAFolderWorks) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  write_atomically("file", "text");
  EXPECT_EQ(text_of("file"), "text");
  std::filesystem::current_path(before);
}

TEST(Files, ANewFileHasOrdinaryPermissions) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(027);
  write_atomically(folder / "file", "text");
  ::umask(mask);
  struct stat info {};
  ASSERT_EQ(::stat((folder / "file").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0640u);
}

TEST(Files, ALinkIsFollowedAndADeviceIsNotReplaced) {
  const TemporaryFolder folder;
  write_atomically(folder / "target", "old");
  std::filesystem::create_symlink("target", folder / "link");
  write_atomically(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder / "link"));
  EXPECT_EQ(text_of(folder / "target"), "new");

  write_atomically("/dev/null", "text");
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
}

TEST(Files, MissingAndUnreadableThingsAreNamed) {
  const TemporaryFolder folder;
  const auto reading = [](const std::string& path) { return error_of([&] { read_file(path); }); };
  EXPECT_EQ(reading("no/such"), "no/such: No such file or directory; check the path");
  EXPECT_EQ(reading(folder.path), folder.path + ": Is a directory; name a file in it");
  EXPECT_EQ(failure(folder / "no/such", "x"),
            (folder / "no/such") + ": cannot write: No such file or directory; make the folder first, or choose another --out");
  EXPECT_EQ(failure(folder.path, "x"), folder.path + ": cannot write: Is a directory; choose another --out");
}

TEST(Files, ReadingStopsAtItsLimit) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "12345");
  EXPECT_EQ(read_file(folder / "file", 5).size(), 5u);
  EXPECT_NE(error_of([&] { read_file(folder / "file", 4); }), "");
  EXPECT_NE(error_of([&] { read_file("/dev/zero", 100'000); }), "") << "a file without end";
}

TEST(Files, APipeIsReadToItsEnd) {
  const TemporaryFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const std::string text(300'000, 'p');
  std::thread writer([&] { std::ofstream(folder / "pipe") << text; });
  EXPECT_EQ(text_of(folder / "pipe"), text);
  writer.join();
}

TEST(Files, AFullDeviceIsReported) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  EXPECT_EQ(failure("/dev/full", "x"),
            "/dev/full: cannot write: No space left on device; free some space, or choose another --out; "
            "what was there before is unchanged");
}

// The system refuses to let files grow beyond 64 KiB: as on a full disk, a write stops half way.
TEST(Files, AWriteThatStopsHalfWayLeavesTheOldFile) {
  const TemporaryFolder folder;
  write_atomically(folder / "file", "old");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small { 65536, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string error = failure(folder / "file", std::string(100'000, 'n'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(error.find("File too large"), std::string::npos) << error;
  EXPECT_EQ(text_of(folder / "file"), "old");
  EXPECT_EQ(folder.names(), Names{"file"});
}

TEST(Files, AFullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  if (::mount("unpick-test", disk.c_str(), "tmpfs", 0, "size=64k") != 0) GTEST_SKIP() << "this user may not mount a small disk";
  write_atomically(disk + "/file", "old");
  const std::string error = failure(disk + "/file", std::string(100'000, 'n'));
  const std::string kept = text_of(disk + "/file");
  const auto entries = std::distance(std::filesystem::directory_iterator(disk), {});
  ::umount(disk.c_str());
  EXPECT_NE(error.find("No space left on device; free some space"), std::string::npos) << error;
  EXPECT_EQ(kept, "old");
  EXPECT_EQ(entries, 1);
}

TEST(Files, AForbiddenFolderIsReported) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  const TemporaryFolder folder;
  std::filesystem::permissions(folder.path, std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  const std::string error = failure(folder / "file", "x");
  std::filesystem::permissions(folder.path, std::filesystem::perms::owner_all);
  EXPECT_EQ(error, (folder / "file") + ": cannot write: Permission denied; choose another --out");
}

TEST(Files, AReaderNeverSeesHalfAFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_atomically(path, std::string(200'000, '0'));
  std::thread writer([&] {
    for (int i = 1; i < 60; ++i) write_atomically(path, std::string(200'000, static_cast<char>('0' + i)));
  });
  for (int i = 0; i < 60; ++i) {
    const std::string text = text_of(path);
    EXPECT_EQ(text, std::string(200'000, text.at(0)));
  }
  writer.join();
}

}  // namespace
}  // namespace unpick::io
