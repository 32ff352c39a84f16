#pragma once
/// Carries TLS messages of the flow at hand into its trace record.

#include <algorithm>
#include <array>
#include <string_view>

#include "flow/shard.h"

namespace handsel::flow {

class Shard::TlsObserver final : public tls::Observer {
 public:
  explicit TlsObserver(Tracer& tracer) : tracer_(tracer) {}

  /// What follows belongs to the flow with this record (or with none).
  void watch(std::uint8_t record) { record_ = record; }

  void on_message(Direction direction, std::uint8_t content_type, std::uint8_t message_type, std::size_t) override {
    if (record_ != Tracer::kNoRecord)
      tracer_.add_message(record_, direction == Direction::sent, {content_type, message_type});
  }
  void on_server_name(std::string_view name) override {
    if (record_ == Tracer::kNoRecord) return;
    std::array<char, 64>& text = tracer_.record(record_).server_name;
    text.fill('\0');
    // The peer's bytes, on their way to a terminal: what does not print is shown as a dot.
    std::ranges::transform(name.substr(0, text.size() - 1), text.begin(),
                           [](char c) { return c > ' ' && c < 0x7f ? c : '.'; });
  }

 private:
  Tracer& tracer_;
  std::uint8_t record_ = Tracer::kNoRecord;
};

}  // namespace handsel::flow
