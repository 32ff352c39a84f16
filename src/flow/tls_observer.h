#pragma once
/// Carries TLS messages of the flow at hand into its trace record.

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

 private:
  Tracer& tracer_;
  std::uint8_t record_ = Tracer::kNoRecord;
};

}  // namespace handsel::flow
