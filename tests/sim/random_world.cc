#include "random_world.h"

#include <array>

#include "attackers.h"
#include "libssl_client.h"
#include "scripts.h"

namespace handsel::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPatience = 100min;  // so long that no honest transfer ends by a time-out of these worlds

constexpr std::uint32_t kChunksForTls = 4'096;

template <class T>
T one_of(Random& random, std::initializer_list<T> from) {
  return from.begin()[random() % from.size()];
}
bool flip(Random& random) { return random() % 2 == 0; }
bool seldom(Random& random) { return random() % 4 == 0; }

Chosen random_chosen(Random& random) {
  switch (random() % 4) {
    case 0:  // SYNs or SYN-ACKs: the first ones
      return {Kind::syn, 1, static_cast<std::uint32_t>(between(random, 1, 2))};
    case 1:
      return {Kind::fin, 1, static_cast<std::uint32_t>(between(random, 1, 3))};
    case 2:  // all acknowledgements for a while
      return {Kind::pure_ack, static_cast<std::uint32_t>(between(random, 1, 20)),
              static_cast<std::uint32_t>(between(random, 1, 20))};
    default:
      return {Kind::data, static_cast<std::uint32_t>(between(random, 1, 40)),
              static_cast<std::uint32_t>(between(random, 1, 3))};
  }
}

LinkConfig random_link(Random& random, bool ipv6) {
  LinkConfig link;
  link.delay = one_of<Duration>(random, {50us, 1ms, 10ms, 80ms, 300ms});
  if (seldom(random)) link.jitter = one_of<Duration>(random, {100us, 3ms, 30ms});
  if (flip(random)) link.loss = one_of(random, {0.001, 0.01, 0.05, 0.15});
  if (seldom(random)) link.duplicate = one_of(random, {0.01, 0.1});
  if (seldom(random)) link.corrupt = one_of(random, {0.005, 0.05});
  if (seldom(random)) link.truncate = 0.01;
  if (seldom(random)) {
    link.reorder = one_of(random, {0.01, 0.2});
    link.held_back = one_of<Duration>(random, {500us, 5ms, 100ms});
  }
  if (seldom(random)) link.bursts = {.begin = one_of(random, {0.005, 0.05}), .end = 0.3, .loss = 0.9};
  for (std::uint64_t i = seldom(random) ? between(random, 1, 3) : 0; i != 0; --i)
    link.chosen.push_back(random_chosen(random));
  if (seldom(random)) {
    link.mtu = static_cast<std::uint16_t>(ipv6 ? between(random, 1'280, 1'500) : between(random, 576, 1'500));
    link.tells_mtu = flip(random);
  }
  if (seldom(random)) {
    link.dead_from = Instant(1ms * between(random, 0, 400));
    link.dead_until = link.dead_from + 1ms * between(random, 10, 5'000);
  }
  if (seldom(random)) {
    link.bits_per_second = one_of<std::uint64_t>(random, {2'000'000, 20'000'000, 200'000'000});
    link.queue_bytes = one_of<std::size_t>(random, {5'000, 30'000, 200'000});
    if (flip(random)) link.mark_bytes = link.queue_bytes / 4;
  }
  return link;
}

void random_tcp(Random& random, tcp::Config& config) {
  config.sack = !seldom(random);
  config.timestamps = flip(random);
  config.window_scaling = !seldom(random);
  config.nagle = flip(random);
  config.ecn = flip(random);
  config.pacing = seldom(random);
  config.congestion = flip(random) ? tcp::CongestionAlgorithm::cubic : tcp::CongestionAlgorithm::newreno;
  config.send_buffer_bytes = one_of<std::size_t>(random, {20'000, 64'000, 256 * 1'024});
  config.receive_buffer_bytes = one_of<std::size_t>(random, {3'000, 20'000, 65'536, 256 * 1'024});
  config.user_timeout = kPatience;
  config.syn_timeout = kPatience;
}

std::unique_ptr<Script> random_tls(Random& random, std::uint64_t bytes) {
  constexpr std::array<const char*, 3> kGroups = {"X25519", "P-256", "P-384:X25519"};
  constexpr std::array<const char*, 3> kSuites = {"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
                                                  "TLS_CHACHA20_POLY1305_SHA256"};
  return std::make_unique<FetchOverTls>(bytes, kGroups[random() % kGroups.size()], kSuites[random() % kSuites.size()]);
}

ClientConfig random_client(Random& random, std::uint16_t id) {
  ClientConfig config;
  config.id = id;
  config.ipv6 = flip(random);
  config.tcp = random_client_tcp(random, config.ipv6);
  config.iss = seldom(random) ? 0xFFFF'FFF0u : static_cast<std::uint32_t>(random());
  config.opens_at = Instant(1ms * between(random, 0, 300));
  return config;
}

std::vector<Lie> random_lies(Random& random, std::uint16_t port) {
  std::vector<Lie> lies;
  for (std::uint64_t i = between(random, 1, 3); i != 0; --i) {
    const auto most = static_cast<std::uint64_t>(flip(random) ? kLastHarmless : kLastLie);
    const Lie lie = static_cast<Lie>(random() % (most + 1));
    // Who sends on could come to stand where the reset is.
    if (lie == Lie::reset_in_window && port == kEchoPort) continue;
    lies.push_back(lie);
  }
  return lies;
}

}  // namespace

PathConfig random_path(Random& random, bool ipv6) {
  switch (random() % 4) {
    case 0:  // a good one
      return {};
    case 1: {
      const LinkConfig both = random_link(random, ipv6);
      return {both, both};
    }
    default:
      return {random_link(random, ipv6), random_link(random, ipv6)};
  }
}

tcp::Config random_client_tcp(Random& random, bool ipv6) {
  tcp::Config config = client_tcp(ipv6);
  random_tcp(random, config);
  config.time_wait = one_of<Duration>(random, {1s, 60s});
  return config;
}

flow::ShardConfig random_server(Random& random) {
  flow::ShardConfig config =
      server_config(one_of(random, {flow::CookieMode::adaptive, flow::CookieMode::always, flow::CookieMode::never}));
  config.mtu = one_of<std::uint16_t>(random, {1'280, 1'400, 1'500, 1'500, 9'000});
  config.limits.flows = one_of(random, {16u, 64u});
  config.limits.half_open = one_of(random, {8u, 16u});
  config.limits.chunks = one_of(random, {512u, 4'096u});
  config.limits.handshakes = 16;
  config.limits.time_wait = one_of(random, {10u, 32u});
  config.limits.trace_records = 2;
  config.limits.idle_timeout = config.limits.close_timeout = config.limits.handshake_timeout = kPatience;
  random_tcp(random, config.tcp);
  config.tcp.keepalive_idle = one_of<Duration>(random, {0s, 0s, 20s});
  return config;
}

std::unique_ptr<Script> random_script(Random& random, std::uint16_t& port, bool may_use_tls) {
  Pace pace;
  if (seldom(random))
    pace = {.bytes = one_of<std::size_t>(random, {500, 3'000, 20'000}),
            .pause = one_of<Duration>(random, {1ms, 20ms, 700ms})};
  // A slow reader gets less to read.
  const std::uint64_t most = pace.pause > 100ms ? 20'000 : one_of<std::uint64_t>(random, {10, 10'000, 150'000});
  const std::uint64_t bytes = random() % most;
  switch (random() % (may_use_tls ? 8 : 7)) {
    case 7:
      port = kHttpsPort;
      return random_tls(random, bytes);
    case 0:
    case 1:
    case 2:
      port = kEchoPort;
      return std::make_unique<EchoCheck>(bytes, one_of<std::size_t>(random, {1, 100, 4'096}), pace);
    default:
      port = kHttpPort;
      return std::make_unique<Fetch>(bytes, pace);
  }
}

std::unique_ptr<Trial> random_shards(std::uint64_t seed) {
  Random random(seed);
  auto trial = std::make_unique<Trial>(seed, random_server(random));
  std::uint16_t id = 0;
  for (std::uint64_t i = between(random, 1, 2); i != 0; --i) {
    flow::ShardConfig config = random_server(random);
    config.mtu = std::min<std::uint16_t>(config.mtu, 1'500);
    config.tcp.syn_timeout = 30s;
    std::vector<Errand> errands;
    for (std::uint64_t k = between(random, 1, 5); k != 0; --k)
      errands.push_back({.port = flip(random) ? kHttpPort : kEchoPort,
                         .ipv6 = flip(random),
                         .bytes = random() % one_of<std::uint64_t>(random, {10, 10'000, 100'000}),
                         .begins = Instant(1ms * between(random, 0, 300))});
    trial->add_shard(++id, config, std::move(errands), random_path(random, true));
  }
  return trial;
}

std::unique_ptr<Trial> random_trial(std::uint64_t seed, Company company) {
  Random random(seed);
  flow::ShardConfig server = random_server(random);
  if (company == Company::attackers) server.tcp.syn_timeout = one_of<Duration>(random, {10s, 30s});
  // Where chunks are short the room for a close_notify may be gone when it is due: TLS would look cut off.
  const bool tls = server.limits.chunks >= kChunksForTls;
  auto trial = std::make_unique<Trial>(seed, server);
  std::uint16_t id = 0;
  std::vector<ClientConfig> honest;
  for (std::uint64_t i = between(random, 1, 3); i != 0; --i) {
    ClientConfig config = random_client(random, ++id);
    auto script = random_script(random, config.port, tls);
    trial->add_client(config, std::move(script), random_path(random, config.ipv6));
    honest.push_back(config);
  }
  if (company == Company::none) return trial;
  for (std::uint64_t i = between(random, 1, 3); i != 0; --i) {
    ClientConfig config = random_client(random, ++id);
    auto script = random_script(random, config.port, tls);
    const std::vector<Lie> lies = random_lies(random, config.port);
    trial->add_liar(config, std::move(script), lies, random_path(random, config.ipv6));
  }
  if (company == Company::liars) return trial;
  if (flip(random)) {
    const Flood::Config flood{.id = ++id,
                              .port = one_of(random, {kHttpPort, kHttpsPort}),
                              .segments = static_cast<std::uint32_t>(between(random, 20, 300)),
                              .every = one_of<Duration>(random, {100us, 2ms}),
                              .completes = one_of(random, {0.0, 0.02}),
                              .resets = one_of(random, {0.0, 0.2})};
    trial->add_stranger(id, std::make_unique<Flood>(flood, random()), {});
  }
  ++id;
  trial->add_stranger(id, std::make_unique<Blind>(id, std::move(honest), random()), {});
  return trial;
}

}  // namespace handsel::sim
