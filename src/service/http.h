#pragma once
/// A small HTTP/1.x origin server (RFC 9112): a page about the connection, and bodies of any length that can be
/// checked.

#include "flow/service.h"

namespace handsel::service {

/// GET / · GET /bytes/N (N up to 2^30) · HEAD of both. HTTP/1.0 and 1.1, keep-alive, pipelining. Requests
/// are read a byte at a time into a fixed state, so that a request that trickles in costs no memory.
class Http final : public flow::Service {
 public:
  static constexpr std::uint64_t kMaxBodyBytes = std::uint64_t{1} << 30;

  std::string_view name() const override { return "http"; }
  /// GET and HEAD do no harm twice, and are answered early; whatever else comes early is told to come again (RFC 8470).
  bool takes_early_data() const override { return true; }
  void on_open(flow::Stream&) override;
  bool wants_data(flow::Stream&) override;
  std::size_t on_data(flow::Stream&, Bytes bytes) override;
  void on_writable(flow::Stream&) override;
  void on_peer_closed(flow::Stream&, bool truncated) override;

  /// Byte `offset` of the body of /bytes/N, for any N.
  static constexpr std::uint8_t body_byte(std::uint64_t offset) {
    return static_cast<std::uint8_t>(offset * 167 + (offset >> 8) * 13 + 7);
  }
};

}  // namespace handsel::service
