#include "stream/spool.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <thread>

#include "base/temp_folder_for_test.h"
#include "stream/file_source.h"

namespace holdfast::stream {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    path_ = TempFolderForTest();
    fd_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  ~Folder() {
    ::close(fd_);
    fs::remove_all(path_);
  }
  const fs::path& path() const { return path_; }
  int fd() const { return fd_; }
  std::vector<std::string> Names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_))
      names.push_back(entry.path().filename());
    return names;
  }
  std::string Content(const std::string& name) const {
    auto file = FileSource::Open(path_ / name);
    return file ? ReadAll(*file, 1 << 24).value() : "missing";
  }

 private:
  fs::path path_;
  int fd_;
};

// Both ways: O_TMPFILE, and a file system that has none.
class SpoolTest : public ::testing::TestWithParam<bool> {
 protected:
  Result<Spool> Make(Spool::Kind kind) {
    return GetParam() ? Spool::Create(folder_.path(), kind)
                      : Spool::CreateNamed(folder_.path(), kind);
  }
  Folder folder_;
};
INSTANTIATE_TEST_SUITE_P(Ways, SpoolTest, ::testing::Bool(),
                         [](const auto& way) { return way.param ? "Tmpfile" : "Hidden"; });

TEST_P(SpoolTest, HasNoVisibleNameAndLeavesNothing) {
  for (auto kind : {Spool::Kind::kUnnamed, Spool::Kind::kLinkable}) {
    auto spool = Make(kind);
    ASSERT_TRUE(spool) << spool.error().ToString();
    ASSERT_TRUE(spool->Append("secret"));
    for (const auto& name : folder_.Names()) {
      EXPECT_EQ(kind, Spool::Kind::kLinkable);
      EXPECT_THAT(name, ::testing::MatchesRegex("\\.holdfast-[0-9a-f]+\\.partial"));
      struct stat info;
      ASSERT_EQ(::stat((folder_.path() / name).c_str(), &info), 0);
      EXPECT_EQ(info.st_mode & 0777, 0600u);
    }
  }
  EXPECT_THAT(folder_.Names(), ::testing::IsEmpty());
}

TEST_P(SpoolTest, ReadsWhatWasFlushed) {
  auto spool = Make(Spool::Kind::kUnnamed);
  ASSERT_TRUE(spool);
  ASSERT_TRUE(spool->Append("hello "));
  EXPECT_EQ(spool->Size(), 6u);
  EXPECT_EQ(spool->FlushedSize(), 0u);
  char part[10];
  EXPECT_EQ(spool->Read(0, part, 10).value(), 0u);
  EXPECT_FALSE(spool->Read(0, 6));
  ASSERT_TRUE(spool->Append("world"));
  ASSERT_TRUE(spool->Flush());
  EXPECT_EQ(spool->Read(0, 11).value(), "hello world");
  EXPECT_EQ(spool->Read(6, part, 10).value(), 5u);
  EXPECT_FALSE(spool->Read(6, 6));
  EXPECT_FALSE(spool->Read(~uint64_t{0}, 1));
  std::string big(3 << 20, 'x');
  ASSERT_TRUE(spool->Append(big));
  ASSERT_TRUE(spool->Flush());
  EXPECT_EQ(spool->Read(11, big.size()).value(), big);
  SpoolSource source(*spool, 6);
  EXPECT_EQ(ReadAll(source, 1 << 24).value(), "world" + big);
}

TEST_P(SpoolTest, TruncatesAndBeginsAnew) {
  auto spool = Make(Spool::Kind::kLinkable);
  ASSERT_TRUE(spool);
  ASSERT_TRUE(spool->Append(std::string(1 << 20, 'x')));
  ASSERT_TRUE(spool->Append("rest in the buffer"));
  ASSERT_TRUE(spool->Truncate());
  EXPECT_EQ(spool->Size(), 0u);
  ASSERT_TRUE(spool->Append("new"));
  ASSERT_TRUE(spool->LinkTo(folder_.fd(), "file"));
  EXPECT_EQ(folder_.Content("file"), "new");
}

TEST_P(SpoolTest, LinksOnceNeverOverwriting) {
  std::ofstream(folder_.path() / "taken") << "old";
  auto spool = Make(Spool::Kind::kLinkable);
  ASSERT_TRUE(spool);
  ASSERT_TRUE(spool->Append("new"));
  EXPECT_EQ(spool->LinkTo(folder_.fd(), "taken").error().kind(), ErrorKind::kConflict);
  EXPECT_EQ(folder_.Content("taken"), "old");
  EXPECT_TRUE(spool->linkable());
  ASSERT_TRUE(spool->LinkTo(folder_.fd(), "free"));
  EXPECT_EQ(folder_.Content("free"), "new");
  EXPECT_THAT(folder_.Names(), ::testing::UnorderedElementsAre("taken", "free"));
  EXPECT_FALSE(spool->linkable());
  EXPECT_FALSE(spool->Append("more")) << "the file has its name: it must not change";
  EXPECT_FALSE(spool->Truncate());
  EXPECT_EQ(spool->Read(0, 3).value(), "new");
  struct stat info;
  ASSERT_EQ(::stat((folder_.path() / "free").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_P(SpoolTest, UnnamedCannotBeLinked) {
  auto spool = Make(Spool::Kind::kUnnamed);
  ASSERT_TRUE(spool);
  EXPECT_FALSE(spool->LinkTo(folder_.fd(), "file"));
  EXPECT_THAT(folder_.Names(), ::testing::IsEmpty());
}

TEST_P(SpoolTest, ManyReadWhileOneWrites) {
  auto spool = Make(Spool::Kind::kUnnamed);
  ASSERT_TRUE(spool);
  constexpr uint64_t kTotal = 4 << 20;
  auto read = [&] {
    uint64_t at = 0;
    while (at < kTotal) {
      char part[1000];
      auto got = spool->Read(at, part, sizeof part);
      ASSERT_TRUE(got);
      for (size_t i = 0; i < *got; ++i) ASSERT_EQ(uint8_t(part[i]), uint8_t((at + i) / 1000));
      at += *got;
      if (*got == 0) std::this_thread::yield();
    }
  };
  std::jthread first(read), second(read);
  for (uint64_t at = 0; at < kTotal;) {
    std::string part(std::min<uint64_t>(1000, kTotal - at), char(at / 1000));
    ASSERT_TRUE(spool->Append(part));
    at += part.size();
  }
  ASSERT_TRUE(spool->Flush());
}

TEST_P(SpoolTest, SweepsWhatKilledProcessesLeft) {
  if (GetParam()) GTEST_SKIP() << "nothing can be left";
  std::ofstream(folder_.path() / ".holdfast-0123.partial") << "left behind";
  auto alive = Make(Spool::Kind::kLinkable);
  ASSERT_TRUE(alive);
  auto second = Make(Spool::Kind::kLinkable);
  ASSERT_TRUE(second);
  EXPECT_EQ(folder_.Names().size(), 2u);
  ASSERT_TRUE(alive->Append("x"));
  ASSERT_TRUE(alive->LinkTo(folder_.fd(), "still-mine"));
}

// A child that may not write files of more than 1 MiB: as near to a full disk as a unit test gets.
TEST_P(SpoolTest, SaysHowFarItGotWhenItCannotWrite) {
  int pipe_fds[2];
  ASSERT_EQ(::pipe(pipe_fds), 0);
  pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1 << 20, 1 << 20};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto spool = Make(Spool::Kind::kUnnamed);
    std::string text = "no error";
    for (int i = 0; spool && i < 100; ++i) {
      auto status = spool->Append(std::string(100'000, 'x'));
      if (status) continue;
      text = status.error().ToString() + (spool->Flush() ? " then no error" : " for good");
      break;
    }
    (void)!::write(pipe_fds[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(pipe_fds[1]);
  std::string text;
  char part[1000];
  for (ssize_t got; (got = ::read(pipe_fds[0], part, sizeof part)) > 0;)
    text.append(part, size_t(got));
  ::close(pipe_fds[0]);
  ::waitpid(child, nullptr, 0);
  EXPECT_THAT(text, HasSubstr("temporary file in " + folder_.path().string()));
  EXPECT_THAT(text, HasSubstr("after 1048576 bytes: write: File too large"));
  EXPECT_THAT(text, HasSubstr("for good"));
}

TEST(Spool, NamesTheFolderThatIsMissing) {
  auto spool = Spool::Create("/nonexistent/folder");
  ASSERT_FALSE(spool);
  EXPECT_EQ(spool.error().kind(), ErrorKind::kNotFound);
  EXPECT_THAT(spool.error().ToString(), HasSubstr("/nonexistent/folder"));
}

TEST(FileSource, OpensRegularFilesOnly) {
  Folder folder;
  std::ofstream(folder.path() / "file") << "0123456789";
  auto file = FileSource::Open(folder.path() / "file", 4);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->size(), 10u);
  EXPECT_EQ(ReadAll(*file, 100).value(), "456789");
  EXPECT_EQ(FileSource::Open(folder.path() / "file", 11).error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(FileSource::Open(folder.path()).error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(FileSource::Open("/dev/zero").error().kind(), ErrorKind::kInvalid);
  EXPECT_EQ(FileSource::Open(folder.path() / "none").error().kind(), ErrorKind::kNotFound);
}

TEST(Stream, ReadAllHasALimit) {
  StringSource ten("0123456789");
  EXPECT_EQ(ReadAll(ten, 10).value(), "0123456789");
  StringSource more("0123456789");
  EXPECT_EQ(ReadAll(more, 9).error().kind(), ErrorKind::kInvalid);
}

}  // namespace
}  // namespace holdfast::stream
