#pragma once
/// A shard as a client: it opens connections itself, and its service checks every byte that comes back.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "endpoints.h"
#include "fetch.h"

namespace handsel::sim {

/// What a shard's client side asks for on one connection.
struct Errand {
  std::uint16_t port = kHttpPort;  ///< kHttpPort: GET /bytes/N; kEchoPort: N bytes there and back
  bool ipv6 = false;
  std::uint64_t bytes = 0;
  Instant begins{};
};

/// Runs errands, each on a connection of its own. One that could not be opened is tried again after a while.
class Errands final : public flow::Service {
 public:
  explicit Errands(std::vector<Errand> errands);
  std::string_view name() const override { return "errands"; }
  void on_open(flow::Stream& stream) override;
  std::size_t on_data(flow::Stream& stream, Bytes bytes) override;
  void on_writable(flow::Stream& stream) override;
  void on_peer_closed(flow::Stream& stream, bool truncated) override;
  void on_closed(flow::Stream& stream) override;
  void on_open_failed(flow::Stream& stream, flow::OpenFailure why) override;

  /// Opens what is due.
  void begin(flow::Shard& shard, Instant now);
  Instant next_begin() const;
  bool finished() const;
  /// What went wrong first; empty when nothing did.
  std::string complaint() const;

 private:
  enum class State : std::uint8_t { waiting, opening, open, closed };
  struct Run {
    Errand errand;
    State state = State::waiting;
    Instant begins{};
    FetchCheck fetch{0};
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    bool peer_closed = false;
    std::string complaint{};
    int again = 0;
  };
  Run& run_of(flow::Stream& stream);
  void write(flow::Stream& stream, Run& run);

  std::vector<Run> runs_;
};

class ShardClient final : public Endpoint {
 public:
  ShardClient(std::uint16_t id, std::uint64_t seed, flow::ShardConfig config, std::vector<Errand> errands);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override;

  const flow::Shard& shard() const { return *shard_; }
  bool finished() const { return errands_.finished(); }
  std::string complaint() const { return errands_.complaint(); }

 private:
  SeededEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_;
  std::unique_ptr<crypto::Aead> aead_;
  Errands errands_;
  std::unique_ptr<flow::Shard> shard_;
};

}  // namespace handsel::sim
