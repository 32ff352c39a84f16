#pragma once
/// The two kinds of endpoint of a world: a shard with its services, and a client with a TCP connection of its own.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crypto/crypto_core.h"
#include "crypto/kernels.h"
#include "crypto/remote_stage.h"
#include "flow/shard.h"
#include "service/registry.h"
#include "tcp/connection.h"
#include "world.h"

namespace handsel::sim {

inline constexpr std::uint16_t kHttpPort = 80;
inline constexpr std::uint16_t kHttpsPort = 443;
inline constexpr std::uint16_t kEchoPort = 7;

wire::IpAddress server_address(bool ipv6);
wire::IpAddress client_address(std::uint16_t id, bool ipv6);
wire::MacAddress client_mac(std::uint16_t id);
inline std::uint16_t client_port(std::uint16_t id) { return static_cast<std::uint16_t>(40'000 + id); }
extern const wire::MacAddress kServerMac;

/// What shards compute with; the server's keys are in it. Its banks hold `bank` entries each.
std::unique_ptr<crypto::Backend> make_backend(Entropy& entropy, std::size_t bank);
/// The entries of a shard's banks by its seed: every other one has none, so that handshakes go both ways.
constexpr std::size_t bank_of(std::uint64_t seed) { return seed % 2 == 0 ? 16 : 0; }

/// A shard's configuration as the simulator starts from it: http on 80, echo on 7 and, over TLS, http on 443.
flow::ShardConfig server_config(flow::CookieMode cookies = flow::CookieMode::adaptive);

/// The server: a whole shard with its services. Listeners are its own; all else is as configured. Between events it is
/// idle for as long as one batch for a bank takes.
class ShardEndpoint final : public Endpoint {
 public:
  /// With `core_takes`, a crypto core computes for it, and what it has computed comes so much later.
  ShardEndpoint(std::uint64_t seed, flow::ShardConfig config, std::size_t bank = 0,
                std::optional<Duration> core_takes = {});
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override { return std::min(shard->next_deadline(), core_turns_at_); }
  const crypto::RemoteStage* remote() const { return remote_ ? &*remote_ : nullptr; }

 private:
  bool turn_core(Instant now);

  SeededEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_;
  std::optional<Duration> core_takes_;
  crypto::CryptoLine line_{256};
  std::optional<crypto::CryptoCore> core_;
  std::optional<crypto::RemoteStage> remote_;
  Instant core_turns_at_ = kNever;
  std::unique_ptr<crypto::Aead> aead_;
  std::unique_ptr<flow::Service> http_;
  std::unique_ptr<flow::Service> echo_;

 public:
  std::unique_ptr<flow::Shard> shard;
};

/// A client's program on top of its connection: called whenever something may have changed.
class Script {
 public:
  virtual ~Script() = default;
  /// Reads from and writes to the connection; true once it has seen all that it wanted to see.
  virtual bool step(tcp::Connection& connection, bool peer_finished, Instant now) = 0;
  /// It wants to be called again at the latest then.
  virtual Instant wakes_at() const { return kNever; }
  /// What went wrong; empty when nothing did.
  virtual std::string complaint() const = 0;
};

struct ClientConfig {
  std::uint16_t id = 1;  ///< names its MAC, its addresses and its port
  std::uint16_t port = kHttpPort;
  bool ipv6 = false;
  tcp::Config tcp{};  ///< as of client_tcp()
  std::uint32_t iss = 0;
  Instant opens_at{};
};

/// TCP as a client on an Ethernet has it.
tcp::Config client_tcp(bool ipv6);

/// One active connection that runs a script and closes when the script is done.
class ClientEndpoint final : public Endpoint {
 public:
  ClientEndpoint(const ClientConfig& config, std::unique_ptr<Script> script);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override;

  const ClientConfig& config() const { return config_; }
  /// The connection is over, in order or not.
  bool finished() const { return ended_ != tcp::End::none; }
  tcp::End ended() const { return ended_; }
  const Script& script() const { return *script_; }
  bool script_done() const { return script_done_; }
  std::uint32_t chunks_held() const { return chunks_.capacity() - chunks_.available(); }
  /// nullptr before it opens.
  const tcp::Connection* connection() const { return connection_ ? &*connection_ : nullptr; }

 private:
  void step(Instant now);
  void take(const tcp::Outcome& outcome);
  void take_icmp(const wire::FrameView& frame, Instant now);
  void send(wire::TcpHeader header, const tcp::OutSegment* segment, flow::FrameSink& out);

  ClientConfig config_;
  std::unique_ptr<Script> script_;
  ChunkPool chunks_{1'024};
  std::optional<tcp::Connection> connection_;
  std::optional<wire::TcpHeader> reset_;  // owed to a segment that fits no connection
  bool script_done_ = false;
  bool peer_finished_ = false;
  tcp::End ended_ = tcp::End::none;
};

}  // namespace handsel::sim
