#pragma once
/// A TLS 1.3 client for tests, made of our own message halves; every step can be altered.

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "test_world.h"
#include "tls/key_exchange.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"
#include "tls/record.h"
#include "tls/transcript.h"

namespace handsel::tls::test {

/// A ticket as the client keeps it.
struct Ticket {
  Buffer identity;
  Buffer secret;
  CipherSuite suite = CipherSuite::none;
  std::uint32_t lifetime_seconds = 0;
  std::uint32_t age_add = 0;
  std::uint32_t max_early_data = 0;
};

/// What the ClientHello offers; each field may be made wrong.
struct Offer {
  Version legacy_version = Version::tls12;
  Buffer session_id = Buffer(32, 0x5e);
  std::vector<CipherSuite> suites = {CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384,
                                     CipherSuite::chacha20_poly1305_sha256};
  Buffer compression_methods = {0};
  std::vector<Version> versions = {Version::tls13};
  std::vector<NamedGroup> groups = {NamedGroup::x25519, NamedGroup::secp256r1};
  std::vector<NamedGroup> shares = {NamedGroup::x25519};
  std::vector<SignatureScheme> schemes = {SignatureScheme::ecdsa_secp256r1_sha256,
                                          SignatureScheme::rsa_pss_rsae_sha256};
  std::string server_name = "example.test";
  std::vector<std::string> protocols;
  Buffer more_extensions;       ///< whole extensions, written before the others
  Buffer last_extensions;       ///< whole extensions, written after the others
  std::vector<Ticket> tickets;  ///< the first is offered
  Buffer strange_identity;      ///< offered before it, when not empty
  Buffer psk_modes = {1};
  std::uint32_t ticket_age_ms = 0;  ///< as the client sees it
  bool early_data = false;          ///< of the first ClientHello
  bool with_versions = true;
  bool with_groups = true;
  bool with_schemes = true;
  bool with_shares = true;
};

class TestClient {
 public:
  TestClient(World& world, Offer what);

  Offer offer;
  /// Alter what is about to be sent.
  std::function<void(Buffer& message)> alter_hello, alter_second_hello, alter_finished;
  std::function<void(Buffer& key)> alter_share;
  std::function<void(Buffer& binder)> alter_binder;
  std::function<void(Buffer& message)> alter_end_of_early_data;  ///< emptied: it is not sent

  /// The ClientHello message as the offer has it.
  Buffer client_hello();
  /// Puts the ClientHello into the output as one record.
  void start();
  /// Bytes from the server.
  void receive(Bytes bytes);
  /// Seals (once keys are there) and puts into the output.
  void send_record(ContentType type, Bytes content, std::size_t padding = 0);
  void send(std::string_view text) { send_record(ContentType::application_data, as_bytes(text)); }
  void send_alert(Alert alert, std::uint8_t level = 2);
  void update_key(bool request);
  void send_end_of_early_data();
  void send_finished();
  Buffer take_output() { return std::exchange(output_, {}); }
  void put(Bytes raw) { append(output_, raw); }
  RecordProtector& writer() { return write_; }

  bool connected = false;
  bool hold_finished = false;  ///< the handshake stops before our Finished
  std::optional<Alert> alert;
  Buffer plaintext;
  unsigned key_updates = 0;
  unsigned change_cipher_specs = 0;
  CipherSuite suite = CipherSuite::none;
  NamedGroup group = NamedGroup::none;
  SignatureScheme scheme = SignatureScheme::none;
  bool retried = false;
  Buffer cookie;  ///< of the HelloRetryRequest, to be echoed
  std::string protocol;
  std::uint16_t record_size_limit = 0;  ///< the server's answer
  bool name_acknowledged = false;
  Buffer certificate;
  std::size_t largest_record = 0;
  bool resumed = false;
  bool early_data_accepted = false;
  std::vector<Ticket> tickets;  ///< received

 private:
  void compute(crypto::Operation& operation);
  void start_handshake_writing();
  void on_record(MutableBytes record);
  void on_message(HandshakeType type, Bytes body, Bytes whole);
  void on_server_hello(Bytes body, Bytes whole);
  void on_retry(Bytes body, Bytes whole);
  void check_signature(Bytes body);
  void keep_ticket(Bytes body);
  void write_psks(Writer& extensions);
  void fill_binder(Buffer& hello);
  KeyExchange& exchange_for(NamedGroup group);

  World& world_;
  crypto::Stage stage_;
  std::array<std::uint8_t, 32> random_{};
  std::vector<std::unique_ptr<KeyExchange>> exchanges_;
  Buffer first_hello_;
  std::optional<Transcript> transcript_;
  std::optional<HandshakeSecret> handshake_secret_;
  std::optional<MasterSecret> master_secret_;
  TrafficSecret client_secret_, server_secret_, resumption_secret_;
  Digest server_finished_hash_;
  RecordProtector read_, write_;
  Buffer input_, messages_, output_;
};

/// Carries bytes between both until neither has more to say.
void exchange(TestClient& client, ServerEnd& server);

}  // namespace handsel::tls::test
