#pragma once
/// What a server's end needs around it, and the end itself over memory.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "crypto/random.h"
#include "tls/config.h"
#include "tls/session.h"
#include "tls/worker_context.h"

namespace handsel::tls::test {

using Buffer = std::vector<std::uint8_t>;
inline void append(Buffer& buffer, Bytes bytes) { buffer.insert(buffer.end(), bytes.begin(), bytes.end()); }

/// Keys and certificates, made once for all tests: example.test by P-256, example.test by RSA-2048, other.test by
/// P-256; example.test by P-384, by Ed25519 and by RSA-PSS-2048.
struct Certificates {
  crypto::KeyStore keys;
  Credential ecdsa;
  Credential rsa;
  Credential other;
  Credential ecdsa_p384;
  Credential ed25519;
  Credential rsa_pss;
  static Certificates& get();
};

/// What may stand between a world and its crypto, to listen there. Empty: nothing does.
struct Instruments {
  std::function<crypto::KernelTable(const crypto::KernelTable&)> kernels;
  std::function<std::unique_ptr<crypto::Aead>(std::unique_ptr<crypto::Aead>)> aead;
  crypto::StageConfig stage;
};

/// One worker's context. Pools are small, so that what is not given back shows.
class World {
 public:
  explicit World(const Instruments& instruments = {});
  /// Both certificates for example.test, ECDSA first, and one for other.test.
  static ServerConfig default_config();

  crypto::SystemEntropy entropy;
  std::unique_ptr<crypto::Backend> backend;
  crypto::Stage stage;
  std::unique_ptr<crypto::Aead> aead;
  FramePool frames{4, 2};
  Slab<Exporter> exporters{2};
  ReplayGuard replay_guard{64, entropy};
  Statistics statistics;
  WorkerContext worker;
};

/// Notes what passes.
class Notes final : public Observer {
 public:
  struct Entry {
    Direction direction;
    std::uint8_t content_type;
    std::uint8_t message_type;
  };
  void on_message(Direction direction, std::uint8_t content_type, std::uint8_t message_type, std::size_t) override {
    entries.push_back({direction, content_type, message_type});
  }
  void on_server_name(std::string_view name) override { server_name = name; }
  std::vector<Entry> entries;
  std::string server_name;
};

/// A session with a byte stream in front of it, as a flow would drive it.
class SessionEnd : public RecordSink {
 public:
  bool write_record(Bytes record) override;

  /// Bytes from the peer; takes records as far as the session wants them.
  void receive(Bytes bytes);
  Instant now{};  ///< what the session is told
  /// Lets the stage compute what waits and hands the results in. False when nothing waited.
  bool run_crypto();
  /// Hands in one result that the stage has computed, or as though it had come to `instead`. False when there is none.
  bool hand_in_one(std::optional<crypto::Status> instead = {});
  /// Both, until neither goes on.
  void settle();
  void send(std::string_view text);
  /// What the session has written since the last call.
  Buffer take_output();

  Session& session() { return *session_; }
  void destroy() { session_.reset(); }

  Buffer unread;
  Buffer plaintext;
  Buffer early_plaintext;
  bool connected = false;
  bool peer_closed = false;
  bool failed = false;
  std::size_t sink_room = ~std::size_t{0};
  std::size_t writes_left = ~std::size_t{0};  ///< records before one that finds no room
  Notes notes;

 protected:
  template <class Config>
  SessionEnd(World& world, const Config& config, std::uint64_t owner = 7)
      : world_(world), session_(std::make_unique<Session>(world.worker, config, &notes, owner, Instant{})) {}
  void note(const Received& received);

 private:
  World& world_;
  std::unique_ptr<Session> session_;
  Buffer output_;
};

class ServerEnd final : public SessionEnd {
 public:
  ServerEnd(World& world, const ServerConfig& config, std::uint64_t owner = 7);
};

}  // namespace handsel::tls::test
