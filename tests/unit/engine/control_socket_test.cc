#include "engine/control_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace handsel::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// A client without manners: it sends what the test wants, and reads when the test wants.
class Peer {
 public:
  explicit Peer(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path.string().copy(address.sun_path, sizeof address.sun_path - 1);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Peer() { ::close(fd_); }
  bool connected() const { return connected_; }
  /// How many bytes the socket took.
  std::size_t send(std::string_view text) {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  void finish() { ::shutdown(fd_, SHUT_WR); }
  std::string read() {
    char block[65536];
    for (ssize_t n; (n = ::recv(fd_, block, sizeof block, 0)) >= 0;) {
      if (n == 0) {
        closed_ = true;
        break;
      }
      input_.append(block, static_cast<std::size_t>(n));
    }
    if (errno == ECONNRESET) closed_ = true;
    return std::exchange(input_, {});
  }
  bool closed() {
    input_ += read();
    return closed_;
  }

 private:
  int fd_;
  bool connected_ = false;
  bool closed_ = false;
  std::string input_;
};

class ControlSocketTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "handsel-control-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  ControlSocket open(const ControlLimits& limits = {}) {
    auto socket = ControlSocket::open(path(), limits);
    EXPECT_TRUE(socket) << socket.error();
    socket->handle("echo", [](const json& arguments) { return arguments; });
    socket->handle("fail",
                   [](const json&) -> std::expected<json, std::string> { return std::unexpected("not today"); });
    socket->handle(
        "long", [](const json& arguments) { return json(std::string(arguments.value("bytes", std::size_t{0}), 'x')); });
    return std::move(*socket);
  }
  std::filesystem::path path() const { return folder_ / "engine" / "control.sock"; }
  /// Serves as the control thread would: as often as the socket is readable.
  void serve(ControlSocket& socket, Instant now = {}) {
    for (int i = 0; i < 1000; ++i) {
      socket.serve(now);
      pollfd wait{socket.fd(), POLLIN, 0};
      if (::poll(&wait, 1, 0) == 0) return;
    }
    ADD_FAILURE() << "the control socket spins";
  }
  std::string ask(ControlSocket& socket, std::string_view line) {
    Peer peer(path());
    peer.send(line);
    serve(socket);
    return peer.read();
  }

  std::filesystem::path folder_;
};

TEST_F(ControlSocketTest, Request_Served_AnsweredWithItsId) {
  ControlSocket socket = open();
  const auto answer = json::parse(ask(socket, "{\"command\": \"echo\", \"arguments\": {\"a\": 1}, \"id\": 7}\n"));
  EXPECT_EQ(answer, (json{{"ok", true}, {"result", {{"a", 1}}}, {"id", 7}}));
}

TEST_F(ControlSocketTest, SocketFile_Made_ForOwnerAndGroupAlone) {
  ControlSocket socket = open();
  struct stat file{};
  ASSERT_EQ(::stat(path().c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0660u);
}

TEST_F(ControlSocketTest, HandlerFails_Asked_TheSentenceComesBack) {
  ControlSocket socket = open();
  EXPECT_EQ(json::parse(ask(socket, "{\"command\": \"fail\"}\n")), (json{{"ok", false}, {"error", "not today"}}));
}

TEST_F(ControlSocketTest, Garbage_Sent_NamedAndTheConnectionGoesOn) {
  ControlSocket socket = open();
  Peer peer(path());
  const std::string requests[] = {std::string("\xff\xfe\x00garbage\n", 11),
                                  "\n",
                                  "[]\n",
                                  "{\"command\": 5}\n",
                                  "{\"command\": \"stat\\u0000\"}\n",
                                  "{\"command\": \"echo\", \"arguments\": []}\n",
                                  std::string(60'000, '[') + "\n"};
  for (const std::string& request : requests) {
    peer.send(request);
    serve(socket);
    const auto answer = json::parse(peer.read(), nullptr, false);
    ASSERT_TRUE(answer.is_object()) << request.substr(0, 40);
    EXPECT_FALSE(answer["ok"].get<bool>());
    EXPECT_FALSE(answer["error"].get<std::string>().empty());
  }
  EXPECT_EQ(socket.statistics().bad_requests.get(), std::size(requests));
  peer.send("{\"command\": \"echo\"}\n");
  serve(socket);
  EXPECT_TRUE(json::parse(peer.read())["ok"].get<bool>());
}

TEST_F(ControlSocketTest, UnknownCommand_Asked_AnswerListsTheKnown) {
  ControlSocket socket = open();
  EXPECT_THAT(ask(socket, "{\"command\": \"stats\"}\n"), HasSubstr("known are echo, fail, long"));
}

TEST_F(ControlSocketTest, DeeplyNestedId_Sent_NotEchoed) {
  ControlSocket socket = open();
  const std::string id = std::string(30'000, '[') + std::string(30'000, ']');
  const auto answer = json::parse(ask(socket, "{\"command\": \"echo\", \"id\": " + id + "}\n"));
  EXPECT_TRUE(answer["ok"].get<bool>());
  EXPECT_FALSE(answer.contains("id"));
}

TEST_F(ControlSocketTest, RequestInSingleBytes_Sent_AnsweredOnce) {
  ControlSocket socket = open();
  Peer peer(path());
  for (const char c : std::string_view("{\"command\": \"echo\"}\n")) {
    EXPECT_EQ(peer.read(), "");
    peer.send({&c, 1});
    serve(socket);
  }
  EXPECT_EQ(json::parse(peer.read())["ok"], true);
}

TEST_F(ControlSocketTest, ManyRequestsAtOnce_Sent_AllAnsweredInOrder) {
  ControlSocket socket = open();
  Peer peer(path());
  std::string requests;
  for (int i = 0; i < 200; ++i) requests += "{\"command\": \"echo\", \"id\": " + std::to_string(i) + "}\n";
  ASSERT_EQ(peer.send(requests), requests.size());
  std::string received;
  for (int i = 0; i < 100; ++i) {  // what the kernel's buffer does not take waits until the peer has read
    serve(socket);
    received += peer.read();
  }
  std::istringstream answers(received);
  int count = 0;
  for (std::string line; std::getline(answers, line); ++count) EXPECT_EQ(json::parse(line)["id"], count);
  EXPECT_EQ(count, 200);
}

TEST_F(ControlSocketTest, ClientFinishesAfterItsRequest_Served_AnsweredThenClosed) {
  ControlSocket socket = open();
  Peer peer(path());
  peer.send("{\"command\": \"echo\"}\n");
  peer.finish();
  serve(socket);
  EXPECT_THAT(peer.read(), HasSubstr("\"ok\":true"));
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(socket.clients(), 0u);
}

TEST_F(ControlSocketTest, OverlongLine_Sent_ToldAndDropped) {
  ControlSocket socket = open({.request_bytes = 1000});
  Peer peer(path());
  peer.send(std::string(5000, 'a'));
  serve(socket);
  EXPECT_THAT(peer.read(), HasSubstr("at most 1000 bytes"));
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(socket.statistics().overlong_lines.get(), 1u);
  EXPECT_EQ(socket.clients(), 0u);
}

TEST_F(ControlSocketTest, SlowReader_TimePasses_DroppedAndOthersServed) {
  ControlSocket socket = open({.write_timeout = std::chrono::seconds(5)});
  Peer slow(path());
  slow.send("{\"command\": \"long\", \"arguments\": {\"bytes\": 8000000}}\n");
  serve(socket, Instant(std::chrono::seconds(1)));
  EXPECT_EQ(socket.next_deadline(), Instant(std::chrono::seconds(6)));
  EXPECT_THAT(ask(socket, "{\"command\": \"echo\"}\n"), HasSubstr("\"ok\":true"));

  serve(socket, Instant(std::chrono::milliseconds(5'999)));
  EXPECT_EQ(socket.statistics().slow_readers.get(), 0u);
  serve(socket, Instant(std::chrono::seconds(6)));
  EXPECT_EQ(socket.statistics().slow_readers.get(), 1u);
  EXPECT_EQ(socket.clients(), 0u);
}

TEST_F(ControlSocketTest, WhoDoesNotRead_SendsMore_NothingMoreIsAnsweredNorStored) {
  ControlSocket socket = open();
  Peer peer(path());
  peer.send("{\"command\": \"long\", \"arguments\": {\"bytes\": 8000000}}\n");
  serve(socket);
  const auto served = socket.statistics().requests.get();
  std::size_t taken = 0;
  for (int i = 0; i < 2000; ++i) {
    taken += peer.send(std::string(1000, 'x') + '\n');
    serve(socket);
  }
  EXPECT_EQ(socket.statistics().requests.get(), served);
  EXPECT_LT(taken, 1'000'000u) << "the kernel's buffer, and no more";
}

TEST_F(ControlSocketTest, LongAnswer_ReadSlowly_ArrivesWhole) {
  ControlSocket socket = open();
  Peer peer(path());
  peer.send("{\"command\": \"long\", \"arguments\": {\"bytes\": 3000000}}\n");
  std::string answer;
  for (int i = 0; i < 1000 && !answer.ends_with('\n'); ++i) {
    serve(socket);
    answer += peer.read();
  }
  EXPECT_EQ(json::parse(answer)["result"].get<std::string>().size(), 3'000'000u);
}

TEST_F(ControlSocketTest, AnswerPastTheBound_Asked_IsAnErrorInstead) {
  ControlSocket socket = open({.response_bytes = 1000});
  EXPECT_THAT(ask(socket, "{\"command\": \"long\", \"arguments\": {\"bytes\": 2000}}\n"), HasSubstr("ask for less"));
}

TEST_F(ControlSocketTest, OneClientTooMany_Connects_ToldAndTurnedAway) {
  ControlSocket socket = open({.clients = 2});
  Peer first(path()), second(path()), third(path());
  serve(socket);
  EXPECT_EQ(socket.clients(), 2u);
  EXPECT_THAT(third.read(), HasSubstr("too many clients"));
  EXPECT_TRUE(third.closed());
  EXPECT_FALSE(first.closed());
}

TEST_F(ControlSocketTest, SilentClient_TimePasses_Dropped) {
  ControlSocket socket = open({.idle_timeout = std::chrono::seconds(10)});
  Peer peer(path());
  serve(socket);
  EXPECT_EQ(socket.next_deadline(), Instant(std::chrono::seconds(10)));
  serve(socket, Instant(std::chrono::seconds(10)));
  EXPECT_TRUE(peer.closed());
  EXPECT_EQ(socket.next_deadline(), kNever);
}

TEST_F(ControlSocketTest, LiveEngine_SecondOpens_RefusedWithAdvice) {
  ControlSocket socket = open();
  const auto second = ControlSocket::open(path());
  ASSERT_FALSE(second);
  EXPECT_THAT(second.error(), HasSubstr("another engine answers there"));
}

TEST_F(ControlSocketTest, FileLeftByACrash_Opened_Replaced) {
  {
    // A socket bound and closed without removing its file: what a crash leaves.
    std::filesystem::create_directories(path().parent_path());
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    path().string().copy(address.sun_path, sizeof address.sun_path - 1);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(fd);
  }
  ControlSocket socket = open();
  EXPECT_TRUE(Peer(path()).connected());
}

TEST_F(ControlSocketTest, Closed_File_Gone) {
  {
    ControlSocket socket = open();
  }
  EXPECT_FALSE(std::filesystem::exists(path()));
}

TEST_F(ControlSocketTest, PathTooLong_Opened_SaysSo) {
  const auto socket = ControlSocket::open(folder_ / std::string(120, 'a') / "control.sock");
  ASSERT_FALSE(socket);
  EXPECT_THAT(socket.error(), HasSubstr("at most 107 bytes"));
}

}  // namespace
}  // namespace handsel::engine
