#include "trial.h"

#include <algorithm>

namespace handsel::sim {
namespace {

constexpr std::uint16_t kEthernetMtu = 1'500;

}  // namespace

Trial::Trial(std::uint64_t seed, const flow::ShardConfig& config, std::optional<Duration> core_takes)
    : world_(seed),
      server_(seed, config, bank_of(seed), core_takes),
      oracle_(config.mtu),
      invariants_("server", *server_.shard) {
  world_.set_server(server_);
  world_.add_witness(recorder_);
  world_.add_witness(oracle_);
  world_.add_witness(invariants_);
}

void Trial::add_client(const ClientConfig& config, std::unique_ptr<Script> script, const PathConfig& path) {
  auto client = std::make_unique<ClientEndpoint>(config, std::move(script));
  invariants_.add_client(*client);
  honest_.push_back(client.get());
  const int headers = config.ipv6 ? 60 : 40;
  oracle_.add_client(config.id, static_cast<std::uint16_t>(config.tcp.path_mss + headers), false);
  world_.add_client(config.id, *client, path);
  endpoints_.push_back(std::move(client));
}

void Trial::add_liar(const ClientConfig& config, std::unique_ptr<Script> script, const std::vector<Lie>& lies,
                     const PathConfig& path) {
  auto client = std::make_unique<ClientEndpoint>(config, std::move(script));
  // A cookie remembers no timestamp: what the first segment says counts, even if it is of old.
  const bool believed = server_.shard->config().cookies != flow::CookieMode::never &&
                        std::ranges::find(lies, Lie::timestamps_regress) != lies.end();
  if (!believed && std::ranges::all_of(lies, harmless)) unharmed_.push_back({client.get(), lies});
  add_stranger(config.id, std::make_unique<Liar>(std::move(client), lies, world_.random()), path);
}

void Trial::add_stranger(std::uint16_t id, std::unique_ptr<Stranger> stranger, const PathConfig& path) {
  oracle_.add_client(id, kEthernetMtu, true);
  world_.add_client(id, *stranger, path);
  strangers_.push_back(stranger.get());
  endpoints_.push_back(std::move(stranger));
}

void Trial::add_shard(std::uint16_t id, const flow::ShardConfig& config, std::vector<Errand> errands,
                      const PathConfig& path) {
  auto client = std::make_unique<ShardClient>(id, world_.random(), config, std::move(errands));
  const std::string name = "shard " + std::to_string(id);
  shard_invariants_.push_back(std::make_unique<Invariants>(name, client->shard()));
  world_.add_witness(*shard_invariants_.back());
  oracle_.add_client(id, config.mtu, false);
  world_.add_client(id, *client, path);
  shards_.push_back(client.get());
  endpoints_.push_back(std::move(client));
}

std::string Trial::run(Duration patience) {
  // A connection that was closed in order may still hold bytes that a slow reader has to read.
  const auto at_rest = [](const ClientEndpoint& client) {
    return client.finished() && (client.script_done() || client.ended() != tcp::End::closed);
  };
  const auto over = [&] {
    return std::ranges::all_of(honest_, [&](const auto* each) { return at_rest(*each); }) &&
           std::ranges::all_of(unharmed_, [&](const auto& each) { return at_rest(*each.client); }) &&
           std::ranges::all_of(shards_, [](const auto* each) { return each->finished(); });
  };
  const bool finished = world_.run_until(over, patience);
  if (auto wrong = world_.objection(); !wrong.empty()) return wrong;
  if (auto wrong = judge_clients(); !wrong.empty()) return wrong;
  if (!finished) return "not everybody has finished";
  for (Stranger* stranger : strangers_) stranger->mute();
  return judge_end();
}

// Whom the server does not know when the first data comes, it resets, and the client has to try again: it waited for
// too long in SYN-RECEIVED, or stood behind a cookie, which knows only the segment behind the SYN (RFC 4987 3.6).
bool Trial::lost_before_it_began(const ClientEndpoint& client) const {
  const flow::ShardStatistics& count = server_.shard->statistics();
  const bool forgotten = count.tcp.cookies_sent.get() != 0 || count.tcp.half_open_expired.get() != 0;
  return forgotten && client.ended() == tcp::End::reset_by_peer && client.connection()->bytes_received() == 0;
}

std::string Trial::judge_clients() const {
  for (const ClientEndpoint* client : honest_) {
    if (lost_before_it_began(*client)) continue;
    const std::string name = "client " + std::to_string(client->config().id);
    if (const auto wrong = client->script().complaint(); !wrong.empty()) return name + ": " + wrong;
    // A FIN that was lost until the server's TIME-WAIT had passed draws a reset.
    const bool forgotten =
        client->ended() == tcp::End::reset_by_peer && world_.now() - Instant{} > server_.shard->config().tcp.time_wait;
    if (client->ended() != tcp::End::closed && !forgotten) return name + " was not closed in order";
  }
  for (const ShardClient* client : shards_)
    if (const auto wrong = client->complaint(); !wrong.empty()) return "a shard as client: " + wrong;
  for (const auto& [client, lies] : unharmed_) {
    if (lost_before_it_began(*client)) continue;
    if (const auto wrong = client->script().complaint(); !wrong.empty()) {
      std::string text = "liar " + std::to_string(client->config().id) + ": " + wrong + "; it told";
      for (const Lie lie : lies) text += ' ' + std::string(name_of(lie));
      return text;
    }
  }
  return {};
}

// What is left of the flows sits out its time-outs and its TIME-WAIT, and then nothing is left at all.
std::string Trial::judge_end() {
  const flow::Shard& shard = *server_.shard;
  const flow::ShardLimits& limits = shard.config().limits;
  const tcp::Config& tcp = shard.config().tcp;
  world_.run_until([] { return false; }, 2 * (limits.idle_timeout + limits.close_timeout + limits.handshake_timeout +
                                              tcp.syn_timeout + tcp.user_timeout + tcp.time_wait));
  if (auto wrong = world_.objection(); !wrong.empty()) return wrong;
  for (const ShardClient* client : shards_)
    if (auto wrong = judge_rest(client->shard()); !wrong.empty()) return "a shard as client: " + wrong;
  if (server_.remote() != nullptr && server_.remote()->statistics().away.get() != 0) return "jobs are left at the core";
  return judge_rest(shard);
}

std::string Trial::judge_rest(const flow::Shard& shard) {
  if (shard.flows() != 0) return std::to_string(shard.flows()) + " flows are left";
  if (shard.chunks_available() != shard.config().limits.chunks) return "chunks are left";
  if (shard.handshakes_in_progress() != 0) return "handshakes are left";
  if (shard.operations_waiting() != 0) return "crypto operations are left";
  const flow::TcpStatistics& count = shard.statistics().tcp;
  if (count.half_open.get() != 0 || count.opening.get() != 0) return "half-open flows are left";
  if (count.time_wait.get() != 0) return "connections in TIME-WAIT are left";
  const std::uint64_t ended = count.connections_closed.get() + count.connections_reset.get() +
                              count.connections_aborted.get() + count.connections_timed_out.get();
  if (count.connections_opened.get() != ended)
    return std::to_string(count.connections_opened.get()) + " connections opened, " + std::to_string(ended) + " ended";
  return {};
}

}  // namespace handsel::sim
