// Bytes changed, repeated, reordered or left out on the way, and somebody in the middle: each is seen, and told.

#include <gtest/gtest.h>

#include <array>
#include <ctime>
#include <ostream>
#include <string>
#include <vector>

#include "client_end.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

// AddressSanitizer makes each of the thousands of handshakes ten times dearer.
#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kStride = 7;
#else
constexpr std::size_t kStride = 1;
#endif

ServerConfig server_of_both_versions() {
  ServerConfig draft = World::default_config();
  draft.min_version = Version::tls12;
  return draft;
}

ClientConfig client_of(Version version, CipherSuite suite) {
  ClientConfig draft = default_client();
  draft.max_version = version;
  (version == Version::tls13 ? draft.suites : draft.suites12) = {suite};
  return draft;
}

struct Row {
  const char* name;
  Version version;
  CipherSuite suite;
  bool towards_server;
};
void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

/// Connected, with one side about to write.
class Tampering : public testing::TestWithParam<Row> {
 protected:
  struct Line : ClientAndServer {
    explicit Line(const Row& row)
        : ClientAndServer(client_of(row.version, row.suite), server_of_both_versions()),
          writer(row.towards_server ? static_cast<SessionEnd&>(client) : server),
          reader(row.towards_server ? static_cast<SessionEnd&>(server) : client) {
      connect();
      EXPECT_TRUE(client.connected && server.connected);
    }
    Buffer write(std::string_view text) {
      writer.send(text);
      return writer.take_output();
    }
    Error error() { return reader.session().failure().error; }
    /// What the writer is told.
    Failure told() {
      writer.receive(reader.take_output());
      return writer.session().failure();
    }
    SessionEnd& writer;
    SessionEnd& reader;
  };
  static void expect_bad_record_mac(Line& line) {
    EXPECT_EQ(name_of(line.error()), name_of(Error::bad_record_mac));
    EXPECT_TRUE(line.reader.plaintext.empty());
    const Failure told = line.told();
    EXPECT_EQ(told.error, Error::alert_received);
    EXPECT_EQ(name_of(told.alert), name_of(Alert::bad_record_mac));
  }
};

TEST_P(Tampering, bit_flipped_at_any_offset_of_a_record_draws_bad_record_mac_and_no_plaintext) {
  for (std::size_t offset = 0, bytes = 1; offset < bytes; offset += kStride) {
    SCOPED_TRACE(offset);
    Line line(GetParam());
    Buffer record = line.write("attack at dawn");
    bytes = record.size();
    record[offset] ^= static_cast<std::uint8_t>(1u << (offset % 8));
    // The record may have become longer: there is more to come.
    for (int i = 0; i < 3; ++i) append(record, line.write(std::string(16'384, 'x')));
    line.reader.receive(record);
    // A type or a major version that is none is seen before.
    if (offset >= 2)
      expect_bad_record_mac(line);
    else
      EXPECT_TRUE(line.reader.failed);
    EXPECT_TRUE(line.reader.plaintext.empty());
  }
}

TEST_P(Tampering, record_repeated_left_out_exchanged_or_reflected_draws_bad_record_mac) {
  const auto deliver = [](auto&& act) {
    Line line(GetParam());
    act(line);
    expect_bad_record_mac(line);
  };
  deliver([](Line& line) {
    const Buffer record = line.write("once");
    line.reader.receive(record);
    EXPECT_EQ(as_text(line.reader.plaintext), "once");
    line.reader.plaintext.clear();
    line.reader.receive(record);
  });
  deliver([](Line& line) {
    line.write("left out");
    line.reader.receive(line.write("second"));
  });
  deliver([](Line& line) {
    const Buffer first = line.write("first");
    line.reader.receive(line.write("second"));
    line.reader.receive(first);
  });
  deliver([](Line& line) {
    line.reader.send("mine");
    const Buffer mine = line.reader.take_output();
    line.writer.receive(mine);
    line.reader.receive(mine);
  });
}

TEST_P(Tampering, record_cut_short_or_grown_draws_bad_record_mac) {
  for (const int change : {-16, -1, 1, 16}) {
    Line line(GetParam());
    Buffer record = line.write("attack at dawn");
    record.resize(static_cast<std::size_t>(static_cast<int>(record.size()) + change));
    record[4] = static_cast<std::uint8_t>(record.size() - kRecordHeaderBytes);
    line.reader.receive(record);
    expect_bad_record_mac(line);
  }
}

std::vector<Row> rows() {
  std::vector<Row> all;
  for (const bool towards_server : {true, false}) {
    all.push_back({"tls13_aes_128_gcm", Version::tls13, CipherSuite::aes_128_gcm_sha256, towards_server});
    all.push_back({"tls13_aes_256_gcm", Version::tls13, CipherSuite::aes_256_gcm_sha384, towards_server});
    all.push_back({"tls13_chacha20", Version::tls13, CipherSuite::chacha20_poly1305_sha256, towards_server});
    all.push_back({"tls12_aes_128_gcm", Version::tls12, CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256, towards_server});
    all.push_back({"tls12_aes_256_gcm", Version::tls12, CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384, towards_server});
    all.push_back(
        {"tls12_chacha20", Version::tls12, CipherSuite::ecdhe_ecdsa_chacha20_poly1305_sha256, towards_server});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(SuitesDirections, Tampering, testing::ValuesIn(rows()),
                         [](const testing::TestParamInfo<Row>& row) {
                           return std::string(row.param.name) +
                                  (row.param.towards_server ? "_to_server" : "_to_client");
                         });

// A handshake of which one bit was flipped on the way. Only what no one signs, hashes or reads may be changed: the
// minor version in the header of a record that is not sealed.
class HandshakeTampering : public testing::TestWithParam<Version> {};

TEST_P(HandshakeTampering, bit_flipped_at_any_offset_connects_nobody) {
  ClientConfig draft = default_client();
  draft.max_version = GetParam();
  std::size_t flipped = 0;
  for (std::size_t target = 0;; target += kStride) {
    ClientAndServer pair(draft, server_of_both_versions());
    std::size_t passed = 0;  // bytes that have gone over the wire, both ways
    bool hit = false, may_pass = false;
    const auto carry = [&](SessionEnd& to, Buffer bytes) {
      for (std::size_t at = 0; at < bytes.size();) {  // records, as they were written
        const std::size_t whole = kRecordHeaderBytes + load_be16(&bytes[at + 3]);
        if (target >= passed + at && target < passed + at + whole) {
          hit = true;
          may_pass = target - passed - at == 2 && bytes[at] != static_cast<std::uint8_t>(ContentType::application_data);
          bytes[target - passed] ^= static_cast<std::uint8_t>(1u << (target % 8));
          at = bytes.size();
        } else {
          at += whole;
        }
      }
      passed += bytes.size();
      to.receive(bytes);
      to.settle();
    };
    pair.client.start();
    for (bool more = true; more;) {
      const Buffer to_server = pair.client.take_output();
      carry(pair.server, to_server);
      const Buffer to_client = pair.server.take_output();
      carry(pair.client, to_client);
      more = !to_server.empty() || !to_client.empty();
    }
    if (!hit) break;
    ++flipped;
    EXPECT_TRUE(may_pass || !(pair.client.connected && pair.server.connected)) << target;
    EXPECT_TRUE(pair.client.plaintext.empty() && pair.server.plaintext.empty());
  }
  EXPECT_GT(flipped, 800u / kStride);
}

INSTANTIATE_TEST_SUITE_P(Versions, HandshakeTampering, testing::Values(Version::tls12, Version::tls13),
                         [](const testing::TestParamInfo<Version>& row) {
                           return std::string(row.param == Version::tls13 ? "tls13" : "tls12");
                         });

/// Somebody who ends TLS in the middle: a server to our client, a client to our server, and reads all that passes.
class ManInTheMiddle : public testing::TestWithParam<Version> {
 protected:
  /// `shown`: his certificate.
  void run(const ClientConfig& client_draft, const Credential& shown) {
    ServerConfig his = server_of_both_versions();
    his.credentials = {shown};
    ClientAndServer victim(client_draft, his);
    ClientConfig trusting = default_client();
    trusting.verification = Verification::none;
    ClientAndServer towards_server(trusting, server_of_both_versions());
    victim.connect();
    towards_server.connect();
    ASSERT_TRUE(towards_server.client.connected);  // the server cannot know
    if (victim.client.connected) {
      victim.client.send("the secret");
      exchange(victim.client, victim.server);
      read = victim.server.plaintext;
    }
    failure = victim.client.session().failure();
    his_failure = victim.server.session().failure();
  }
  ClientConfig client() {
    ClientConfig draft = default_client();
    draft.max_version = GetParam();
    return draft;
  }
  Buffer read;  ///< by him
  Failure failure, his_failure;
};

Credential certificate_of(const char* name) {
  const std::array names = {std::string(name)};
  auto made = *crypto::make_self_signed(Certificates::get().keys, {crypto::KeyAlgorithm::p256, 256}, names, 30,
                                        std::time(nullptr));
  return {.key = made.key, .kind = CredentialKind::ecdsa_p256, .chain = made.chain.der, .names = made.chain.dns_names};
}

TEST_P(ManInTheMiddle, with_a_certificate_of_his_own_is_an_unknown_authority) {
  run(client(), certificate_of("example.test"));
  EXPECT_EQ(name_of(failure.error), name_of(Error::unknown_authority));
  EXPECT_EQ(name_of(his_failure.alert), name_of(Alert::unknown_ca));
  EXPECT_TRUE(read.empty());
}

TEST_P(ManInTheMiddle, with_the_genuine_certificate_lacks_its_key) {
  Credential shown = certificate_of("example.test");
  shown.chain = Certificates::get().ecdsa.chain;
  run(client(), shown);
  EXPECT_EQ(name_of(failure.error), name_of(Error::bad_signature));
  EXPECT_EQ(name_of(his_failure.alert), name_of(Alert::decrypt_error));
  EXPECT_TRUE(read.empty());
}

TEST_P(ManInTheMiddle, with_a_genuine_certificate_for_another_name_is_seen) {
  ClientConfig draft = client();
  draft.trust = trust_in({&Certificates::get().other});
  run(draft, Certificates::get().other);
  EXPECT_EQ(name_of(failure.error), name_of(Error::wrong_certificate_name));
  EXPECT_EQ(name_of(his_failure.alert), name_of(Alert::certificate_unknown));
  EXPECT_TRUE(read.empty());
}

TEST_P(ManInTheMiddle, whom_an_authority_believes_is_seen_by_the_pin) {
  const Credential his = certificate_of("example.test");
  ClientConfig draft = client();
  draft.trust = trust_in({&his});
  draft.pins = {*crypto::pin_of(Certificates::get().ecdsa.chain[0])};
  run(draft, his);
  EXPECT_EQ(name_of(failure.error), name_of(Error::wrong_pin));
  EXPECT_EQ(name_of(his_failure.alert), name_of(Alert::certificate_unknown));
  EXPECT_TRUE(read.empty());
}

// The tests above show something: without a check he reads it.
TEST_P(ManInTheMiddle, is_not_seen_by_a_client_that_does_not_look) {
  ClientConfig draft = client();
  draft.verification = Verification::none;
  run(draft, certificate_of("example.test"));
  EXPECT_FALSE(failure);
  EXPECT_EQ(as_text(read), "the secret");
}

INSTANTIATE_TEST_SUITE_P(Versions, ManInTheMiddle, testing::Values(Version::tls12, Version::tls13),
                         [](const testing::TestParamInfo<Version>& row) {
                           return std::string(row.param == Version::tls13 ? "tls13" : "tls12");
                         });

}  // namespace
}  // namespace handsel::tls::test
