#pragma once
/// The operator's way in: a Unix stream socket (mode 0660) that carries one JSON object a line, served by the control
/// thread between its other duties. It never blocks, and nobody at its other end can make it grow or wait.
///
/// Request:  {"command": "stats", "arguments": {…}, "id": …}       (arguments and id may be left out; id comes back)
/// Response: {"ok": true, "result": …, "id": …} or {"ok": false, "error": "a sentence", "id": …}

#include <cstddef>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/counter.h"
#include "base/time.h"

namespace handsel::engine {

struct ControlLimits {
  std::size_t clients = 16;                           ///< one more is told so and turned away
  std::size_t request_bytes = 64 * 1024;              ///< of one line; a longer one ends the client
  std::size_t response_bytes = 16 * 1024 * 1024;      ///< of one line; a longer one becomes an error
  Duration write_timeout = std::chrono::seconds(5);   ///< a client that reads nothing for so long is dropped
  Duration idle_timeout = std::chrono::seconds(300);  ///< a client that says nothing for so long is dropped
};

struct ControlStatistics {
  Counter clients;          ///< accepted so far
  Counter clients_refused;  ///< turned away: too many
  Counter requests;
  Counter bad_requests;  ///< not JSON, or no such command
  Counter overlong_lines;
  Counter slow_readers;
};

/// Control thread only.
class ControlSocket {
 public:
  /// Answers a command with a JSON value; an error is a sentence for the operator.
  using Handler = std::function<std::expected<nlohmann::json, std::string>(const nlohmann::json& arguments)>;

  /// Makes the socket, its folder, and replaces a socket file behind which nobody listens any more. The error is a
  /// sentence (another engine answers there; the folder can't be written).
  static std::expected<ControlSocket, std::string> open(const std::filesystem::path& path,
                                                        const ControlLimits& limits = {});
  ControlSocket(ControlSocket&&) noexcept;
  ControlSocket& operator=(ControlSocket&&) noexcept;
  ~ControlSocket();  ///< closes the clients and removes the socket's file

  void handle(std::string command, Handler handler);

  /// Readable whenever serve() has something to do: for the control thread's poll().
  int fd() const;
  /// Does all that can be done without waiting: accepts, reads, answers, drops who is too slow.
  void serve(Instant now);
  /// When serve() is due at the latest, for the timeouts; kNever without clients.
  Instant next_deadline() const;

  const std::filesystem::path& path() const;
  std::size_t clients() const;
  const ControlStatistics& statistics() const;

 private:
  struct Impl;
  explicit ControlSocket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace handsel::engine
