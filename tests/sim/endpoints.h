#pragma once
/// The two kinds of endpoint of a world: a shard with its services, and a client with a TCP connection of its own.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crypto/kernels.h"
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

/// A shard that serves http on 80, echo on 7 and, over TLS, http on 443.
class ShardEndpoint final : public Endpoint {
 public:
  explicit ShardEndpoint(std::uint64_t seed, flow::CookieMode cookies = flow::CookieMode::adaptive);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override { return shard->next_deadline(); }

 private:
  SeededEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_;
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
  virtual bool step(tcp::Connection& connection, bool peer_finished) = 0;
  /// What went wrong; empty when nothing did.
  virtual std::string complaint() const = 0;
};

/// One active connection that runs a script and closes when the script is done.
class ClientEndpoint final : public Endpoint {
 public:
  ClientEndpoint(std::uint16_t id, std::uint16_t port, bool ipv6, std::unique_ptr<Script> script, std::uint64_t seed,
                 Instant opens_at);
  void receive(Frame frame, Instant now, flow::FrameSink& out) override;
  void run(Instant now, flow::FrameSink& out) override;
  Instant next_deadline() const override;

  /// The connection is over, in order or not.
  bool finished() const { return ended_ != tcp::End::none; }
  tcp::End ended() const { return ended_; }
  const Script& script() const { return *script_; }
  bool script_done() const { return script_done_; }
  std::uint32_t chunks_held() const { return chunks_.capacity() - chunks_.available(); }

 private:
  void step();
  void take(const tcp::Outcome& outcome);

  std::uint16_t id_;
  std::uint16_t port_;
  bool ipv6_;
  std::unique_ptr<Script> script_;
  ChunkPool chunks_{2'048};
  std::optional<tcp::Connection> connection_;
  wire::SeqNum iss_;
  Instant opens_at_;
  bool script_done_ = false;
  bool peer_finished_ = false;
  tcp::End ended_ = tcp::End::none;
};

}  // namespace handsel::sim
