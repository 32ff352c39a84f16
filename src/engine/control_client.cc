#include "engine/control_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace handsel::engine {

ControlClient::ControlClient(ControlClient&& other) noexcept { *this = std::move(other); }

ControlClient& ControlClient::operator=(ControlClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(input_, other.input_);
  std::swap(output_, other.output_);
  std::swap(sent_, other.sent_);
  std::swap(finished_, other.finished_);
  std::swap(heard_, other.heard_);
  std::swap(written_, other.written_);
  return *this;
}

ControlClient::~ControlClient() {
  if (fd_ >= 0) ::close(fd_);
}

ControlClient::Life ControlClient::read(Instant now, const ControlLimits& limits) {
  char block[4096];
  while (!finished_ && input_.size() <= limits.request_bytes) {
    const ssize_t bytes = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
    if (bytes > 0) {
      input_.append(block, static_cast<std::size_t>(bytes));
      heard_ = now;
      continue;
    }
    if (bytes == 0) {
      finished_ = true;
      break;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) break;
    return Life::gone;
  }
  if (input_.size() > limits.request_bytes && input_.find('\n') > limits.request_bytes) return Life::overlong;
  return finished_ && input_.find('\n') == std::string::npos && output_.empty() ? Life::gone : Life::open;
}

bool ControlClient::take_line(std::string& line) {
  if (!output_.empty()) return false;
  const std::size_t end = input_.find('\n');
  if (end == std::string::npos) return false;
  line.assign(input_, 0, end);
  input_.erase(0, end + 1);
  return true;
}

ControlClient::Life ControlClient::answer(std::string_view line, Instant now) {
  if (output_.empty()) written_ = now;
  output_.append(line);
  output_.push_back('\n');
  return flush(now);
}

ControlClient::Life ControlClient::flush(Instant now) {
  while (sent_ < output_.size()) {
    const ssize_t bytes = ::send(fd_, output_.data() + sent_, output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (bytes > 0) {
      sent_ += static_cast<std::size_t>(bytes);
      written_ = now;
      continue;
    }
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return Life::open;
    return Life::gone;
  }
  output_.clear();
  output_.shrink_to_fit();
  sent_ = 0;
  return Life::open;
}

Instant ControlClient::deadline(const ControlLimits& limits) const {
  return output_.empty() ? heard_ + limits.idle_timeout : written_ + limits.write_timeout;
}

}  // namespace handsel::engine
