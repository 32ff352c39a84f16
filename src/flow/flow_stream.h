#pragma once
/// A flow as its service and its TLS session see it.

#include "flow/flow.h"
#include "flow/shard.h"

namespace handsel::flow {

/// Made on the stack around each call into a service or a session.
class FlowStream final : public Stream, public tls::RecordSink {
 public:
  FlowStream(Shard& shard, Flow& flow, Instant now)
      : shard_(shard), flow_(flow), session_(shard.sessions_.get(flow.session)), now_(now) {}

  // Stream
  std::size_t send_room() const override;
  void send(Bytes bytes) override;
  std::size_t early_room() const override;
  void send_early(Bytes bytes) override;
  void finish() override;
  void close() override;
  void abort() override;
  void expect_whole(bool expected) override;
  bool early() const override { return session_ && session_->phase() == tls::Phase::handshaking; }
  const tls::Info* tls_info() const override { return session_ ? &session_->info() : nullptr; }
  bool export_keying_material(std::string_view label, std::optional<Bytes> context, MutableBytes out) const override {
    return session_ && session_->export_keying_material(label, context, out);
  }
  tls::Failure tls_failure() const override { return session_ ? session_->failure() : tls::Failure{}; }
  wire::IpAddress peer_address() const override { return flow_.key.remote; }
  MutableBytes state() override { return flow_.service_state; }
  Handle id() const override { return flow_.self; }
  Instant now() const override { return now_; }
  Instant established() const override { return flow_.since; }
  tcp::End end() const override { return flow_.end; }

  // RecordSink
  bool write_record(Bytes record) override;

  /// abort() was called: the connection is to be reset when the call returns.
  bool aborted() const { return aborted_; }

 private:
  Shard& shard_;
  Flow& flow_;
  tls::Session* session_;
  Instant now_;
  bool aborted_ = false;
};

}  // namespace handsel::flow
