#pragma once
/// From a checked configuration to what workers are made of: TLS configurations with their keys, and shards. Control
/// thread, at start.

#include <array>
#include <cstdint>
#include <expected>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"
#include "engine/cheap_client.h"
#include "engine/config.h"
#include "flow/shard.h"
#include "tls/config.h"
#include "tls/session_cache.h"

namespace handsel::engine {

/// The TLS configurations of a file, by name, and a line for people on each certificate.
struct TlsConfigs {
  std::map<std::string, std::shared_ptr<const tls::ServerConfig>, std::less<>> by_name;
  std::map<std::string, std::array<std::uint8_t, 32>, std::less<>> ticket_files;  ///< digests of those that were read
  std::vector<Fault> warnings;            ///< what is no fault, and should not stay so
  std::vector<std::string> certificates;  ///< "default: CN=handsel.test, ECDSA P-256, until 2026-12-01, sha256 12:ab:…"
  /// Set where shards are to open connections over TLS: what they keep to resume.
  std::optional<tls::SessionCache::Sizes> client_sessions;
};

/// Reads every certificate and key named in `config` into `keys`; a [tls.NAME] without any gets a self-signed pair of
/// ECDSA P-256 and RSA-2048 for the port's addresses. The faults say what is wrong with which file, at its place in
/// the configuration.
std::expected<TlsConfigs, std::vector<Fault>> load_tls(const Config& config, crypto::KeyStore& keys,
                                                       std::int64_t now_unix);

/// What a port tells its shards.
struct PortFacts {
  wire::MacAddress mac;
  std::uint16_t mtu = 1500;
  wire::ChecksumOffload offload;
};

/// One worker's shard and all that only it uses. Made on the control thread, then driven by the worker alone. `cheap`
/// is for load generators; `processor` computes in place of the worker's own kernels, and outlives this.
class ShardAssembly {
 public:
  ShardAssembly(const Config& config, std::size_t port, std::uint16_t worker, const PortFacts& facts,
                const TlsConfigs& tls, const crypto::KernelChoice& kernels, const crypto::KeyStore& keys,
                crypto::Stage::CycleCounter cycles, Instant now, CheapClient cheap = {},
                crypto::Processor* processor = nullptr);

  flow::Shard& shard() { return *shard_; }
  std::string_view aead_name() const { return aead_->name(); }

 private:
  crypto::SystemEntropy entropy_;
  std::unique_ptr<crypto::Backend> backend_;
  std::unique_ptr<crypto::Aead> aead_;
  std::vector<std::unique_ptr<flow::Service>> services_;
  std::unique_ptr<flow::Shard> shard_;
};

}  // namespace handsel::engine
