#include "cli_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "engine/runtime_dir.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

constexpr timeval kPatience{.tv_sec = 10, .tv_usec = 0};
constexpr std::size_t kMaxAnswerBytes = 64 * 1024 * 1024;

std::string no_engine(const std::string& path, int code) {
  std::string advice = "is handseld running? Start it, or say where its sockets are: --runtime-dir, --name";
  if (code == EACCES || code == EPERM) advice = "this user may not use it; use sudo, or join the socket's group";
  return fmt::format("no engine answers at {} ({}); {}", path, std::strerror(code), advice);
}

}  // namespace

std::expected<CliClient, std::string> CliClient::connect(const EngineAddress& engine) {
  const std::string path = engine::runtime_paths(engine::runtime_dir(engine.runtime_dir), engine.name).control;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return std::unexpected(no_engine(path, ENAMETOOLONG));
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return std::unexpected(no_engine(path, errno));
  CliClient client(fd, path);
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return std::unexpected(no_engine(path, errno));
  return client;
}

CliClient::CliClient(CliClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), path_(std::move(other.path_)), input_(std::move(other.input_)) {}

CliClient::~CliClient() {
  if (fd_ >= 0) ::close(fd_);
}

std::string CliClient::silent(const std::string& why) const {
  return fmt::format("the engine at {} gave no answer: {}", path_, why);
}

std::expected<nlohmann::json, std::string> CliClient::ask(const std::string& command, const nlohmann::json& arguments) {
  const std::string request = nlohmann::json{{"command", command}, {"arguments", arguments}}.dump() + '\n';
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t bytes = ::send(fd_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;  // a refusal may wait to be read all the same
    sent += static_cast<std::size_t>(bytes);
  }
  std::size_t end = 0;
  while ((end = input_.find('\n')) == std::string::npos) {
    char block[65'536];
    const ssize_t bytes = ::recv(fd_, block, sizeof block, 0);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0) return std::unexpected(silent(errno == EAGAIN ? "it took more than 10 s" : std::strerror(errno)));
    if (bytes == 0) return std::unexpected(silent("it closed the connection"));
    input_.append(block, static_cast<std::size_t>(bytes));
    if (input_.size() > kMaxAnswerBytes) return std::unexpected(silent("its answer has no end"));
  }
  const auto answer = nlohmann::json::parse(input_.substr(0, end), nullptr, false);
  input_.erase(0, end + 1);
  if (!answer.is_object()) return std::unexpected(silent("what it says is not JSON"));
  if (answer.value("ok", false) && answer.contains("result")) return answer["result"];
  return std::unexpected(answer.value("error", silent("it failed without a reason")));
}

int fail(const std::string& message) {
  fmt::print(stderr, "handsel: {}\n", message);
  return kFailure;
}

}  // namespace handsel::apps
