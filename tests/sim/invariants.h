#pragma once
/// What must hold of connections, flows and pools after every event: judged from the inside.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "endpoints.h"
#include "witness.h"

namespace handsel::sim {

/// A connection's numbers as they were after the last event: some may never go back.
class ConnectionCheck {
 public:
  /// What is wrong; empty when nothing is.
  std::string after_event(const tcp::Connection& connection, const tcp::Config& config, Instant now);

 private:
  std::string order(const tcp::Connection& connection);
  std::string bounds(const tcp::Connection& connection, const tcp::Config& config);
  std::string accounts(const tcp::Connection& connection) const;

  bool known_ = false;
  wire::SeqNum una_;
  wire::SeqNum rcv_nxt_;
  wire::SeqNum edge_;
  std::uint32_t widest_window_ = 0;
  std::uint64_t received_ = 0;
};

/// Chunks that a connection may hold: every queue is a chain of which a half is full, more or less.
struct ChunkBounds {
  std::size_t least = 0;
  std::size_t most = 0;
  void add_queue(std::size_t bytes);
  void add(const tcp::Connection& connection);
};

/// True when what `connection` waits for comes from itself only: then it must have a timer.
bool needs_timer(const tcp::Connection& connection);

/// A shard, and clients' connections.
class Invariants final : public Witness {
 public:
  Invariants(std::string name, const flow::Shard& shard) : name_(std::move(name)), shard_(shard) {}
  void add_client(const ClientEndpoint& client) { clients_.push_back({&client, {}}); }
  void after_event(Instant now) override;

 private:
  struct Client {
    const ClientEndpoint* endpoint;
    ConnectionCheck check;
  };
  struct Known {
    std::uint32_t generation;
    ConnectionCheck check;
  };
  std::string judge_flow(const flow::Flow& flow, Instant now);
  void judge_shard(Instant now);
  void judge_client(Client& client, Instant now);

  std::string name_;
  const flow::Shard& shard_;
  std::vector<Client> clients_;
  std::map<std::uint32_t, Known> flows_;
};

}  // namespace handsel::sim
