#pragma once
/// One operator at the control socket: bytes in, lines out, bounds on both. Control thread only.

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/time.h"
#include "engine/control_socket.h"

namespace handsel::engine {

class ControlClient {
 public:
  enum class Life : std::uint8_t { open, closing, overlong, gone };

  ControlClient(int fd, Instant now) : fd_(fd), heard_(now), written_(now) {}
  ControlClient(ControlClient&& other) noexcept;
  ControlClient& operator=(ControlClient&& other) noexcept;
  ~ControlClient();

  /// Takes what has arrived, up to the bound of a line.
  Life read(Instant now, const ControlLimits& limits);
  /// The next whole line, without its end. False when there is none, and while an answer still waits to leave: who does
  /// not read has no more answers made.
  bool take_line(std::string& line);
  /// Queues a line and sends what the socket takes.
  Life answer(std::string_view line, Instant now);
  Life flush(Instant now);

  int fd() const { return fd_; }
  bool has_line() const { return input_.find('\n') != std::string::npos; }
  bool wants_write() const { return !output_.empty(); }
  /// When this client has to be dropped if nothing changes.
  Instant deadline(const ControlLimits& limits) const;

 private:
  int fd_ = -1;
  std::string input_;
  std::string output_;
  std::size_t sent_ = 0;   // of output_
  bool finished_ = false;  // the client has closed its writing end
  Instant heard_{};        // when it last said something
  Instant written_{};      // when it last took something, or had nothing to take
};

}  // namespace handsel::engine
