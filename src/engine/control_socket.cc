#include "engine/control_socket.h"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/control_client.h"

namespace handsel::engine {
namespace {

using nlohmann::json;
using Life = ControlClient::Life;

std::string reason() { return std::strerror(errno); }

bool make_address(const std::filesystem::path& path, sockaddr_un& address) {
  address = {};
  address.sun_family = AF_UNIX;
  const std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return true;
}

/// True when some process listens behind the socket file.
bool somebody_listens(const sockaddr_un& address) {
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return false;
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const bool listens = result == 0 || errno == EAGAIN;
  ::close(probe);
  return listens;
}

/// A response is one line whatever the peer's bytes were: what is not UTF-8 is replaced.
std::string to_line(const json& response) { return response.dump(-1, ' ', false, json::error_handler_t::replace); }

std::string error_line(std::string_view message) { return to_line({{"ok", false}, {"error", message}}); }

}  // namespace

struct ControlSocket::Impl {
  std::filesystem::path path;
  ControlLimits limits;
  int listener = -1;
  int epoll = -1;
  std::map<std::string, Handler> handlers;
  std::map<int, ControlClient> clients;
  ControlStatistics statistics;

  ~Impl();
  void accept_all(Instant now);
  void serve_client(int fd, std::uint32_t events, Instant now);
  Life answer_lines(ControlClient& client, Instant now);
  std::string respond(const std::string& line);
  json dispatch(const json& request, bool& good);
  void watch(const ControlClient& client);
  void drop(int fd);
  void drop_late(Instant now);
};

ControlSocket::Impl::~Impl() {
  clients.clear();
  if (listener >= 0) {
    ::close(listener);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  if (epoll >= 0) ::close(epoll);
}

void ControlSocket::Impl::accept_all(Instant now) {
  for (;;) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      if (errno == EINTR || errno == ECONNABORTED) continue;
      return;
    }
    ControlClient client(fd, now);
    if (clients.size() >= limits.clients) {
      statistics.clients_refused.add();
      client.answer(error_line("too many clients: try again later"), now);
      continue;
    }
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) continue;
    statistics.clients.add();
    clients.emplace(fd, std::move(client));
  }
}

void ControlSocket::Impl::watch(const ControlClient& client) {
  // Who has an answer to take is not read from: the kernel's buffer fills, and the sender waits. Who has sent more
  // lines than one turn answers gets the next turn as soon as it could take an answer.
  epoll_event event{.events = client.wants_write() || client.has_line() ? EPOLLOUT : EPOLLIN,
                    .data = {.fd = client.fd()}};
  epoll_ctl(epoll, EPOLL_CTL_MOD, client.fd(), &event);
}

void ControlSocket::Impl::drop(int fd) {
  epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nullptr);
  clients.erase(fd);
}

void ControlSocket::Impl::serve_client(int fd, std::uint32_t events, Instant now) {
  const auto found = clients.find(fd);
  if (found == clients.end()) return;
  ControlClient& client = found->second;
  if ((events & EPOLLERR) != 0) return drop(fd);
  if (client.wants_write()) {
    if (client.flush(now) == Life::gone) return drop(fd);
    if (client.wants_write()) return (events & EPOLLHUP) != 0 ? drop(fd) : watch(client);
  }
  const Life read = client.read(now, limits);
  if (read == Life::gone) return drop(fd);
  if (answer_lines(client, now) == Life::gone) return drop(fd);
  if (read == Life::overlong) {
    statistics.overlong_lines.add();
    client.answer(error_line(fmt::format("a request has at most {} bytes", limits.request_bytes)), now);
    return drop(fd);
  }
  // What came before the client closed its end is answered; then it is let go.
  if (client.read(now, limits) == Life::gone) return drop(fd);
  watch(client);
}

Life ControlSocket::Impl::answer_lines(ControlClient& client, Instant now) {
  constexpr int kLinesAtOnce = 32;  // then the others' turn; epoll brings us back
  std::string line;
  for (int i = 0; i < kLinesAtOnce && client.take_line(line); ++i)
    if (client.answer(respond(line), now) == Life::gone) return Life::gone;
  return Life::open;
}

std::string ControlSocket::Impl::respond(const std::string& line) {
  statistics.requests.add();
  const json request = json::parse(line, nullptr, false);
  bool good = false;
  json response;
  if (request.is_discarded())
    response = {{"ok", false}, {"error", "that is not JSON; a request is one line like {\"command\": \"stats\"}"}};
  else
    response = dispatch(request, good);
  if (!good) statistics.bad_requests.add();
  // A nested id would come back nested, and writing JSON recurses.
  if (request.is_object() && request.contains("id") && request["id"].is_primitive()) response["id"] = request["id"];
  std::string text = to_line(response);
  if (text.size() <= limits.response_bytes) return text;
  return error_line(
      fmt::format("the answer would have {} bytes, more than {}: ask for less", text.size(), limits.response_bytes));
}

json ControlSocket::Impl::dispatch(const json& request, bool& good) {
  const auto error = [](std::string message) { return json{{"ok", false}, {"error", std::move(message)}}; };
  if (!request.is_object()) return error("a request is a JSON object with a \"command\"");
  const auto command = request.find("command");
  if (command == request.end() || !command->is_string()) return error("the request lacks \"command\", a text");
  const auto handler = handlers.find(command->get<std::string>());
  if (handler == handlers.end()) {
    std::vector<std::string_view> names;
    for (const auto& [name, unused] : handlers) names.push_back(name);
    return error(fmt::format("there is no command {}; known are {}",
                             command->dump(-1, ' ', false, json::error_handler_t::replace), fmt::join(names, ", ")));
  }
  const auto arguments = request.find("arguments");
  if (arguments != request.end() && !arguments->is_object()) return error("\"arguments\" is to be an object");
  auto result = handler->second(arguments == request.end() ? json::object() : *arguments);
  good = true;
  if (!result) return error(std::move(result.error()));
  return {{"ok", true}, {"result", std::move(*result)}};
}

void ControlSocket::Impl::drop_late(Instant now) {
  std::vector<int> late;
  for (const auto& [fd, client] : clients)
    if (client.deadline(limits) <= now) late.push_back(fd);
  for (const int fd : late) {
    if (clients.at(fd).wants_write()) statistics.slow_readers.add();
    drop(fd);
  }
}

std::expected<ControlSocket, std::string> ControlSocket::open(const std::filesystem::path& path,
                                                              const ControlLimits& limits) {
  sockaddr_un address;
  if (!make_address(path, address))
    return std::unexpected(fmt::format("{}: a socket's path has at most {} bytes; choose a shorter runtime_dir",
                                       path.string(), sizeof address.sun_path - 1));
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    return std::unexpected(
        fmt::format("{}: its folder can't be made: {}; choose another runtime_dir", path.string(), error.message()));
  struct stat folder{};
  if (::stat(path.parent_path().c_str(), &folder) != 0 || (folder.st_uid != geteuid() && folder.st_uid != 0))
    return std::unexpected(
        fmt::format("{}: its folder belongs to another user; choose another runtime_dir", path.string()));
  if (somebody_listens(address))
    return std::unexpected(
        fmt::format("{}: another engine answers there; stop it, or give this one its own name "
                    "([engine] name, or --name)",
                    path.string()));
  std::filesystem::remove(path, error);

  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->limits = limits;
  const auto failed = [&](std::string_view what) {
    return std::unexpected(fmt::format("{}: {} failed: {}", path.string(), what, reason()));
  };
  const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (listener < 0) return failed("socket");
  // The file is born with its rights: no moment in which anybody could connect.
  const mode_t before = ::umask(0117);
  const int bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  ::umask(before);
  if (bound != 0 || ::listen(listener, 16) != 0) {
    const auto message = failed("making the control socket");
    ::close(listener);
    return message;
  }
  impl->listener = listener;
  impl->epoll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
  if (impl->epoll < 0 || epoll_ctl(impl->epoll, EPOLL_CTL_ADD, listener, &event) != 0) return failed("epoll");
  return ControlSocket(std::move(impl));
}

ControlSocket::ControlSocket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ControlSocket::ControlSocket(ControlSocket&&) noexcept = default;
ControlSocket& ControlSocket::operator=(ControlSocket&&) noexcept = default;
ControlSocket::~ControlSocket() = default;

void ControlSocket::handle(std::string command, Handler handler) {
  impl_->handlers.insert_or_assign(std::move(command), std::move(handler));
}

int ControlSocket::fd() const { return impl_->epoll; }

void ControlSocket::serve(Instant now) {
  epoll_event events[16];
  const int count = epoll_wait(impl_->epoll, events, static_cast<int>(std::size(events)), 0);
  for (int i = 0; i < count; ++i) {
    if (events[i].data.fd == impl_->listener)
      impl_->accept_all(now);
    else
      impl_->serve_client(events[i].data.fd, events[i].events, now);
  }
  impl_->drop_late(now);
}

Instant ControlSocket::next_deadline() const {
  Instant next = kNever;
  for (const auto& [fd, client] : impl_->clients) next = std::min(next, client.deadline(impl_->limits));
  return next;
}

const std::filesystem::path& ControlSocket::path() const { return impl_->path; }
std::size_t ControlSocket::clients() const { return impl_->clients.size(); }
const ControlStatistics& ControlSocket::statistics() const { return impl_->statistics; }

}  // namespace handsel::engine
