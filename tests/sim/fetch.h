#pragma once
/// Reads an HTTP response to GET /bytes/N and checks every byte.

#include <string>

#include "base/bytes.h"
#include "service/http.h"

namespace handsel::sim {

class FetchCheck {
 public:
  explicit FetchCheck(std::uint64_t bytes) : bytes_(bytes) {}

  std::string request() const {
    return "GET /bytes/" + std::to_string(bytes_) + " HTTP/1.1\r\nHost: handsel.test\r\nConnection: close\r\n\r\n";
  }
  void take(Bytes received) {
    for (const std::uint8_t byte : received) take(byte);
  }
  void finish() { finished_ = true; }
  bool finished() const { return finished_; }

  /// What went wrong; empty when nothing did.
  std::string complaint() const {
    if (!complaint_.empty()) return complaint_;
    if (!finished_) return "the server has not finished";
    if (body_ != bytes_) return "body of " + std::to_string(body_) + " bytes in place of " + std::to_string(bytes_);
    return {};
  }

 private:
  void take(std::uint8_t byte) {
    if (!in_body_) {
      head_.push_back(static_cast<char>(byte));
      in_body_ = head_.ends_with("\r\n\r\n");
      if (in_body_ && !head_.starts_with("HTTP/1.1 200 OK")) complaint_ = "status: " + head_.substr(0, 32);
      return;
    }
    if (byte != service::Http::body_byte(body_) && complaint_.empty())
      complaint_ = "wrong byte at offset " + std::to_string(body_);
    ++body_;
  }

  std::uint64_t bytes_;
  std::string head_;
  bool in_body_ = false;
  bool finished_ = false;
  std::uint64_t body_ = 0;
  std::string complaint_;
};

}  // namespace handsel::sim
