#pragma once
/// A client of TLS 1.2 with RSA key exchange, which our own does not speak: made of our message halves.

#include <optional>
#include <string>

#include "ends.h"
#include "tls/key_schedule12.h"
#include "tls/record.h"
#include "tls/transcript.h"

namespace handsel::tls::conformance {

class RsaPeer final : public Peer {
 public:
  /// `premaster` says what is encrypted: "right", or how it is wrong (README.md).
  RsaPeer(Listened& side, const Suite& suite, std::string premaster);
  void start() override;
  void receive(Bytes bytes) override;
  Buffer take_altered(Rules& rules) override;
  void send(std::string_view text) override { say("Data", ContentType::application_data, as_bytes(text)); }
  void close() override { say("Alert", ContentType::alert, Buffer{1, 0}); }
  bool connected() const override { return connected_; }
  Failure failure() const override { return failure_; }
  Bytes plaintext() const override { return plaintext_; }

 private:
  void say(std::string name, ContentType type, Bytes content);
  void say_message(std::string name, Bytes message);
  void on_record(MutableBytes record);
  void on_message(HandshakeType type, Bytes body, Bytes whole);
  /// ClientKeyExchange, ChangeCipherSpec, Finished.
  void answer();
  Buffer encrypted(Bytes premaster) const;

  const Suite& suite_;
  crypto::Aead& aead_;
  std::string fault_;
  RecordWriter writer_;
  RecordProtector read_;
  std::vector<Epoch> epochs_ = {{}};
  std::vector<Item> items_;
  Buffer input_, messages_, plaintext_, certificate_;
  std::array<std::uint8_t, kRandomBytes> random_{}, server_random_{};
  Transcript transcript_;
  std::optional<MasterSecret12> master_;
  std::optional<KeyBlock12> keys_;
  bool connected_ = false;
  Failure failure_;
};

}  // namespace handsel::tls::conformance
