#pragma once
/// A stream that keeps what a service sends, with a room that the test sets.

#include <algorithm>
#include <cassert>
#include <string>

#include "flow/service.h"

namespace handsel::service {

class FakeStream final : public flow::Stream {
 public:
  std::size_t send_room() const override { return closed ? 0 : room; }
  void send(Bytes bytes) override {
    assert(bytes.size() <= send_room());
    room -= bytes.size();
    sent.append(as_text(bytes));
  }
  void finish() override { closed = true; }
  void close() override { closed = true; }
  void abort() override { aborted = true; }
  void expect_whole(bool expected) override {
    whole_expected = expected;
    ++expectations;
  }
  bool early() const override { return is_early; }
  const tls::Info* tls_info() const override { return tls ? &*tls : nullptr; }
  bool export_keying_material(std::string_view, std::optional<Bytes>, MutableBytes) const override { return false; }
  tls::Failure tls_failure() const override { return {}; }
  wire::IpAddress peer_address() const override { return wire::IpAddress::from_v4(192, 0, 2, 1); }
  MutableBytes state() override { return memory; }
  Handle id() const override { return {}; }
  Instant now() const override { return Instant{}; }
  Instant established() const override { return Instant{}; }
  tcp::End end() const override { return tcp::End::none; }

  std::size_t room = 1 << 30;
  std::string sent;
  bool closed = false;
  bool aborted = false;
  bool whole_expected = false;
  int expectations = 0;  ///< calls of expect_whole()
  bool is_early = false;
  std::optional<tls::Info> tls;

 private:
  alignas(8) std::array<std::uint8_t, flow::kServiceStateBytes> memory{};
};

}  // namespace handsel::service
