#pragma once
/// A TLS server for tests, of 1.3 and 1.2, made of our own message halves; every step can be altered.

#include <array>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "client_end.h"
#include "tls/key_exchange.h"
#include "tls/key_schedule12.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"
#include "tls/record.h"
#include "tls/transcript.h"

namespace handsel::tls::test {

/// The messages of a server, in either version.
enum class Step : std::uint8_t {
  retry_request,
  server_hello,
  encrypted_extensions,
  certificate_request,
  certificate,
  certificate_verify,
  server_key_exchange,
  server_hello_done,
  new_session_ticket,
  finished,
};

using Extensions = std::vector<std::pair<std::uint16_t, Buffer>>;

/// A ServerHello or HelloRetryRequest before it is written.
struct HelloDraft {
  std::uint16_t legacy_version = 0x0303;
  Buffer random;
  Buffer session_id;
  std::uint16_t suite = 0;
  std::uint8_t compression = 0;
  Extensions extensions;

  /// The body of an extension, which is added when it is not there.
  Buffer& extension(std::uint16_t type);
  void remove(std::uint16_t type);
};

/// What the server does; each field may be made wrong.
struct Script {
  Version version = Version::tls13;
  CipherSuite suite = CipherSuite::aes_128_gcm_sha256;
  NamedGroup group = NamedGroup::x25519;
  SignatureScheme scheme = SignatureScheme::ecdsa_secp256r1_sha256;
  bool retries = false;
  unsigned retry_requests = 1;
  bool asks_for_certificate = false;
  Credential credential = Certificates::get().ecdsa;
  Extensions encrypted_extensions;
  bool announces_ticket = false;   ///< TLS 1.2
  bool echoes_session_id = false;  ///< TLS 1.2: as one that resumes
  bool sends_change_cipher_spec = true;

  std::function<void(HelloDraft&)> retry_request = {}, server_hello = {};
  std::function<void(Buffer& key)> share = {};
  std::function<void(Buffer& signature)> signature = {};
  /// Alters a whole message before it is hashed and sent: the server lies, but to both. Emptied, it is left out.
  std::function<void(Step, Buffer& message)> message = {};
  /// Alters what is sent, and not what is hashed.
  std::function<void(Step, Buffer& message)> sent = {};
  /// Does something more before the step, or after it.
  std::function<void(Step, class TestServer&)> before = {}, after = {};
};

class TestServer {
 public:
  TestServer(World& world, Script what);

  Script script;
  /// Bytes from the client.
  void receive(Bytes bytes);
  /// Seals (once keys are there) and puts into the output.
  void send_record(ContentType type, Bytes content);
  void put(Bytes raw) { append(output_, raw); }
  Buffer take_output() { return std::exchange(output_, {}); }
  RecordProtector& writer() { return write_; }

  bool connected = false;  ///< the client's Finished has come, and was right
  std::optional<Alert> alert;
  Buffer plaintext;
  Buffer client_hello;  ///< the latest, whole

 private:
  void compute(crypto::Operation& operation);
  void on_record(MutableBytes record);
  void on_message(HandshakeType type, Bytes body, Bytes whole);
  void on_client_hello(Bytes body, Bytes whole);
  void send_retry_request();
  void send_hello();
  void serve13(Bytes client_share);
  void serve12();
  void on_client_key_exchange(Bytes body);
  void on_client_finished(Bytes body, Bytes whole);
  void finish12();
  void send_certificate_verify();
  void send_key_exchange();
  void send_certificate_request();
  Buffer sign(Bytes digest);
  void send(Step step, Buffer message);
  crypto::HashId hash() const;
  crypto::AeadId aead() const;

  World& world_;
  crypto::Stage stage_;
  std::optional<Transcript> transcript_;
  std::optional<KeyExchange> exchange_;
  std::array<std::uint8_t, 32> random_{}, client_random_{};
  Buffer session_id_;
  unsigned retried_ = 0;
  TrafficSecret client_secret_, client_application_;
  std::optional<MasterSecret12> master12_;
  std::optional<KeyBlock12> keys12_;
  RecordProtector read_, write_;
  Buffer input_, messages_, output_;
};

/// Carries bytes between both until neither has more to say.
void exchange(ClientEnd& client, TestServer& server);

}  // namespace handsel::tls::test
