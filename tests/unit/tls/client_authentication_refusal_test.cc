// A server that requires a certificate of its clients: each thing that can be wrong with it, and the alert.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <tuple>
#include <vector>

#include "client_authority.h"
#include "test_client.h"
#include "tls/messages/certificate.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

const crypto::Authority& stranger() {
  static const crypto::Authority made(std::time(nullptr), "stranger");
  return made;
}

const std::int64_t kNow = std::time(nullptr);

/// A client's certificate with one thing wrong.
struct Fault {
  std::string name;
  Error error;
  Alert alert;
  std::function<std::optional<Credential>()> credential;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::function<std::optional<Credential>()> wanted(crypto::Wanted what) {
  return [what] { return client_credential(client_certificate(what)); };
}
/// A good one, altered.
std::function<std::optional<Credential>()> altered(std::function<void(Credential&)> alter) {
  return [alter] {
    Credential credential = client_credential(client_certificate({}));
    alter(credential);
    return credential;
  };
}

std::vector<Fault> faults() {
  return {
      {"from_an_unknown_authority", Error::unknown_authority, Alert::unknown_ca,
       [] { return client_credential(client_certificate({}, stranger()), stranger()); }},
      {"without_the_authority_between", Error::unknown_authority, Alert::unknown_ca,
       altered([](Credential& c) { c.chain.pop_back(); })},
      {"expired", Error::certificate_expired, Alert::certificate_expired, wanted({.not_after = kNow - 60})},
      {"not_valid_yet", Error::certificate_expired, Alert::certificate_expired, wanted({.not_before = kNow + 3'600})},
      {"not_for_clients", Error::unsupported_certificate, Alert::unsupported_certificate,
       [] { return client_credential(LibsslCertificates::get().authority.make({})); }},
      {"not_for_signing", Error::unsupported_certificate, Alert::unsupported_certificate,
       wanted({.curve = nullptr, .key_usage = "critical,keyEncipherment"})},
      {"of_a_weak_key", Error::unsupported_certificate, Alert::unsupported_certificate,
       altered([](Credential& c) { c.chain[0] = client_certificate({.curve = nullptr, .rsa_bits = 1'024}).der(); })},
      {"wrongly_signed", Error::bad_certificate, Alert::bad_certificate,
       altered([](Credential& c) { c.chain[0].back() ^= 1; })},
      {"no_certificate_at_all", Error::bad_certificate, Alert::bad_certificate,
       altered([](Credential& c) { c.chain[0] = {1, 2, 3}; })},
      {"with_too_many_others", Error::bad_certificate, Alert::bad_certificate,
       altered([](Credential& c) { c.chain.resize(limits::kMaxPeerCertificates + 1, c.chain[1]); })},
      {"longer_than_a_message", Error::message_too_long, Alert::illegal_parameter,
       altered([](Credential& c) { c.chain.emplace_back(limits::kMaxHandshakeMessage, std::uint8_t{0x30}); })},
      {"of_somebody_else", Error::bad_signature, Alert::decrypt_error,
       altered([](Credential& c) { c.chain[0] = client_certificate({}).der(); })},
      {"of_another_kind_of_key", Error::scheme_not_offered, Alert::illegal_parameter,
       altered([](Credential& c) { c.chain[0] = client_certificate({.curve = nullptr}).der(); })},
  };
}

using Case = std::tuple<Version, Fault>;
class RefusedClientCertificate : public testing::TestWithParam<Case> {};

TEST_P(RefusedClientCertificate, draws_its_alert) {
  const auto& [version, fault] = GetParam();
  ClientAndServer pair(client_showing(fault.credential(), version), asking_server(ClientCertificates::require));
  pair.connect();
  EXPECT_FALSE(pair.server.connected);
  EXPECT_EQ(name_of(pair.server.session().failure().error), name_of(fault.error));
  EXPECT_EQ(name_of(pair.client.session().failure().error), name_of(Error::alert_received));
  EXPECT_EQ(name_of(pair.client.session().failure().alert), name_of(fault.alert));
  EXPECT_FALSE(pair.server.session().info().client_authenticated);
  EXPECT_EQ(pair.server_world.frames.blocks_taken(), 0u);
  EXPECT_EQ(pair.server_world.frames.longs_taken(), 0u);
  EXPECT_EQ(pair.server_world.stage.waiting(), 0u);
}

INSTANTIATE_TEST_SUITE_P(EveryFault, RefusedClientCertificate,
                         testing::Combine(testing::Values(Version::tls12, Version::tls13), testing::ValuesIn(faults())),
                         [](const testing::TestParamInfo<Case>& row) {
                           return (std::get<0>(row.param) == Version::tls12 ? "tls12_" : "tls13_") +
                                  std::get<1>(row.param).name;
                         });

TEST(RequiredClientCertificate, empty_list_is_answered_as_the_version_has_it) {
  for (const auto& [version, error, alert] :
       {std::tuple(Version::tls12, Error::no_client_certificate, Alert::handshake_failure),
        std::tuple(Version::tls13, Error::certificate_required, Alert::certificate_required)}) {
    ClientAndServer pair(client_showing({}, version), asking_server(ClientCertificates::require));
    pair.connect();
    EXPECT_EQ(name_of(pair.server.session().failure().error), name_of(error));
    EXPECT_EQ(name_of(pair.client.session().failure().alert), name_of(alert));
  }
}

// A wrong certificate is refused where none would have done, too.
TEST(RequestedClientCertificate, that_is_wrong_is_refused) {
  for (const Version version : {Version::tls12, Version::tls13}) {
    ClientAndServer pair(client_showing(client_credential(client_certificate({}, stranger()), stranger()), version),
                         asking_server(ClientCertificates::request));
    pair.connect();
    EXPECT_EQ(name_of(pair.server.session().failure().error), name_of(Error::unknown_authority));
  }
}

// TLS 1.3, by a client that sends what it likes in place of its Certificate

struct Instead {
  std::string name;
  Error error;
  std::function<void(Buffer&)> message;  ///< comes as the Finished that would have been right
};
void PrintTo(const Instead& row, std::ostream* out) { *out << row.name; }

std::function<void(Buffer&)> certificate(Bytes context, Bytes entry_extensions, std::size_t cut = 0) {
  return [=, context = Buffer(context.begin(), context.end()),
          extensions = Buffer(entry_extensions.begin(), entry_extensions.end())](Buffer& message) {
    Buffer list(4'096);
    Writer entries(list);
    Certificate::emit_entry(entries, client_certificate({}).der(), extensions);
    message.assign(4'096, 0);
    Writer writer(message);
    Certificate{context, entries.written()}.emit(writer);
    message.resize(writer.size() - cut);
    store_be24(&message[1], static_cast<std::uint32_t>(message.size() - kHandshakeHeaderBytes));
  };
}

class InsteadOfCertificate13 : public testing::TestWithParam<Instead> {};

TEST_P(InsteadOfCertificate13, is_refused) {
  World world;
  world.worker.unix_at_zero_ms = static_cast<std::uint64_t>(kNow) * 1'000;
  const ServerConfig config = *prepared(asking_server(ClientCertificates::require));
  ServerEnd server(world, config);
  TestClient client(world, {});
  client.alter_finished = GetParam().message;
  client.start();
  exchange(client, server);
  EXPECT_FALSE(server.connected);
  EXPECT_EQ(name_of(server.session().failure().error), name_of(GetParam().error));
  EXPECT_EQ(client.alert, alert_for(GetParam().error));
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, InsteadOfCertificate13,
    testing::Values(
        Instead{"finished", Error::unexpected_handshake_message, {}},
        Instead{"certificate_with_a_context", Error::illegal_parameter, certificate(Buffer{7}, {})},
        Instead{"certificate_with_an_extension", Error::unsolicited_extension, certificate({}, Buffer{0, 5, 0, 0})},
        Instead{"certificate_cut_short", Error::malformed_message, certificate({}, {}, 1)},
        Instead{"certificate_verify", Error::unexpected_handshake_message, [](Buffer& message) { message[0] = 15; }}),
    [](const testing::TestParamInfo<Instead>& row) { return row.param.name; });

// TLS 1.2, where somebody on the way can alter the client's plaintext flight

/// Messages of the client's flight up to ChangeCipherSpec; `rest` is what follows.
struct Flight12 {
  std::vector<Buffer> messages;
  Buffer rest;

  explicit Flight12(Bytes records) {
    Buffer content;
    while (!records.empty() && records[0] == static_cast<std::uint8_t>(ContentType::handshake)) {
      const std::size_t bytes = load_be16(&records[3]);
      append(content, records.subspan(kRecordHeaderBytes, bytes));
      records = records.subspan(kRecordHeaderBytes + bytes);
    }
    append(rest, records);
    for (Bytes left = content; !left.empty();) {
      const std::size_t bytes = kHandshakeHeaderBytes + load_be24(&left[1]);
      messages.emplace_back(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(bytes));
      left = left.subspan(bytes);
    }
  }
  Buffer records() const {
    Buffer out;
    for (const Buffer& message : messages) {
      std::array<std::uint8_t, kRecordHeaderBytes> header;
      write_record_header(header, ContentType::handshake, Version::tls12, message.size());
      append(out, header);
      append(out, message);
    }
    append(out, rest);
    return out;
  }
};

struct OnTheWay {
  std::string name;
  Error error;
  std::function<void(std::vector<Buffer>&)> alter;  ///< Certificate, ClientKeyExchange, CertificateVerify
};
void PrintTo(const OnTheWay& row, std::ostream* out) { *out << row.name; }

class AlteredFlight12 : public testing::TestWithParam<OnTheWay> {};

TEST_P(AlteredFlight12, is_refused) {
  ClientAndServer pair(client_showing(client_credential(client_certificate({})), Version::tls12),
                       asking_server(ClientCertificates::require));
  pair.client.start();
  pair.server.receive(pair.client.take_output());
  pair.server.settle();
  pair.client.receive(pair.server.take_output());
  pair.client.settle();
  Flight12 flight(pair.client.take_output());
  ASSERT_EQ(flight.messages.size(), 3u);
  GetParam().alter(flight.messages);
  pair.server.receive(flight.records());
  pair.server.settle();
  EXPECT_FALSE(pair.server.connected);
  EXPECT_EQ(name_of(pair.server.session().failure().error), name_of(GetParam().error));
  EXPECT_EQ(pair.server_world.frames.blocks_taken(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, AlteredFlight12,
    testing::Values(
        OnTheWay{"no_certificate", Error::unexpected_handshake_message, [](auto& m) { m.erase(m.begin()); }},
        OnTheWay{"no_certificate_verify", Error::bad_change_cipher_spec, [](auto& m) { m.pop_back(); }},
        OnTheWay{"certificate_verify_too_early", Error::unexpected_handshake_message,
                 [](auto& m) { std::swap(m[1], m[2]); }},
        OnTheWay{"certificate_cut_short", Error::malformed_message,
                 [](auto& m) {
                   m[0].pop_back();
                   store_be24(&m[0][1], static_cast<std::uint32_t>(m[0].size() - kHandshakeHeaderBytes));
                 }},
        OnTheWay{"scheme_that_was_not_asked_for", Error::scheme_not_offered,
                 [](auto& m) { store_be16(&m[2][4], static_cast<std::uint16_t>(SignatureScheme::ed25519)); }},
        OnTheWay{
            "signature_by_another_hash", Error::bad_signature,
            [](auto& m) { store_be16(&m[2][4], static_cast<std::uint16_t>(SignatureScheme::ecdsa_secp384r1_sha384)); }},
        OnTheWay{"signature_altered", Error::bad_signature, [](auto& m) { m[2].back() ^= 1; }},
        OnTheWay{"share_that_was_not_signed", Error::bad_signature, [](auto& m) { m[1].back() ^= 1; }},
        OnTheWay{"signature_too_long", Error::bad_signature,
                 [](auto& m) {
                   m[2].resize(8 + 1'100);
                   store_be24(&m[2][1], 1'104);
                   store_be16(&m[2][6], 1'100);
                 }}),
    [](const testing::TestParamInfo<OnTheWay>& row) { return row.param.name; });

}  // namespace
}  // namespace handsel::tls::test
