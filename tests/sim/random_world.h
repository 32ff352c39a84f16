#pragma once
/// Worlds drawn whole from their seed: the server's configuration, the clients' TCP, what they do, and every path.

#include <memory>

#include "trial.h"

namespace handsel::sim {

/// Which inhabitants a world may have beside its honest clients.
enum class Company : std::uint8_t {
  none,
  liars,      ///< clients who lie
  attackers,  ///< liars, a flood of SYNs, somebody blind off the path
};

/// Nothing of the world is given but its seed and its company.
std::unique_ptr<Trial> random_trial(std::uint64_t seed, Company company);

/// Shards as clients of a shard.
std::unique_ptr<Trial> random_shards(std::uint64_t seed);

/// The draws by themselves, for other kinds of worlds.
PathConfig random_path(Random& random, bool ipv6);
tcp::Config random_client_tcp(Random& random, bool ipv6);
flow::ShardConfig random_server(Random& random);
std::unique_ptr<Script> random_script(Random& random, std::uint16_t& port, bool may_use_tls);

}  // namespace handsel::sim
