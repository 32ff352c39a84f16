#pragma once
/// Echo (RFC 862) and discard (RFC 863).

#include "flow/service.h"

namespace handsel::service {

/// Sends back what it receives. A peer that sends and does not read is held by flow control.
class Echo final : public flow::Service {
 public:
  std::string_view name() const override { return "echo"; }
  bool wants_data(flow::Stream& stream) override;
  std::size_t on_data(flow::Stream& stream, Bytes bytes) override;
};

/// Takes everything, says nothing.
class Discard final : public flow::Service {
 public:
  std::string_view name() const override { return "discard"; }
  std::size_t on_data(flow::Stream&, Bytes bytes) override { return bytes.size(); }
};

}  // namespace handsel::service
