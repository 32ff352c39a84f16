#pragma once
/// A world with everybody in it and all witnesses: what each test fills and runs.

#include <memory>
#include <string>
#include <vector>

#include "endpoints.h"
#include "invariants.h"
#include "liar.h"
#include "oracle.h"
#include "recorder.h"
#include "shard_client.h"
#include "world.h"

namespace handsel::sim {

class Trial {
 public:
  Trial(std::uint64_t seed, const flow::ShardConfig& config, std::optional<Duration> core_takes = {});

  World& world() { return world_; }
  const flow::Shard& shard() const { return *server_.shard; }
  const Recorder& recorder() const { return recorder_; }

  /// An honest client: in the end its script has no complaint, and its connection was closed in order.
  void add_client(const ClientConfig& config, std::unique_ptr<Script> script, const PathConfig& path);
  /// A client whose segments are altered; when none of its lies does harm to itself, the same is asked of it.
  void add_liar(const ClientConfig& config, std::unique_ptr<Script> script, const std::vector<Lie>& lies,
                const PathConfig& path);
  /// Somebody of whom nothing is asked.
  void add_stranger(std::uint16_t id, std::unique_ptr<Stranger> stranger, const PathConfig& path);

  /// A whole shard as a client, as honest as the others: both its errands and its own state are judged.
  void add_shard(std::uint16_t id, const flow::ShardConfig& config, std::vector<Errand> errands,
                 const PathConfig& path);

  /// Runs until the honest have finished, within `patience`; then the others fall silent, time-outs run, and the
  /// server must hold nothing. What was wrong; empty when nothing was.
  std::string run(Duration patience);

 private:
  std::string judge_clients() const;
  bool lost_before_it_began(const ClientEndpoint& client) const;
  std::string judge_end();
  static std::string judge_rest(const flow::Shard& shard);
  struct Unharmed {
    const ClientEndpoint* client;
    std::vector<Lie> lies;
  };

  World world_;
  ShardEndpoint server_;
  Recorder recorder_;
  WireOracle oracle_;
  Invariants invariants_;
  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  std::vector<Stranger*> strangers_;
  std::vector<const ClientEndpoint*> honest_;
  std::vector<Unharmed> unharmed_;
  std::vector<const ShardClient*> shards_;
  std::vector<std::unique_ptr<Invariants>> shard_invariants_;
};

}  // namespace handsel::sim
