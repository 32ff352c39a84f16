// A ClientHello, or what follows it, with one thing wrong: the exact error and alert, and nothing left behind.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "test_client.h"
#include "tls/messages/extensions.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

Buffer extension(std::uint16_t type, const Buffer& body) {
  Buffer out = {static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type), 0,
                static_cast<std::uint8_t>(body.size())};
  append(out, body);
  return out;
}

/// pre_shared_key with these identities and one binder, `binder` bytes long with its length.
Buffer psk(Buffer identities, std::uint8_t binder) {
  append(identities, Buffer{0, binder, static_cast<std::uint8_t>(binder - 1)});
  identities.resize(identities.size() + binder - 1u);
  return extension(41, identities);
}

/// Puts an extension behind all the others of a ClientHello.
void add_last_extension(Buffer& hello, const Buffer& added) {
  const std::size_t session_id = 4 + 2 + 32;
  const std::size_t suites = session_id + 1 + hello[session_id];
  const std::size_t compression = suites + 2 + load_be16(&hello[suites]);
  const std::size_t block = compression + 1 + hello[compression];
  append(hello, added);
  store_be16(&hello[block], static_cast<std::uint16_t>(hello.size() - block - 2));
  store_be24(&hello[1], static_cast<std::uint32_t>(hello.size() - 4));
}

struct Fault {
  const char* name;
  Error error;
  Alert alert;
  std::function<void(Offer&)> offer = {};
  std::function<void(TestClient&)> client = {};
  std::function<void(ServerConfig&)> config = {};
};

void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

const std::vector<Fault>& faults() {
  static const std::vector<Fault> rows = {
      // Versions
      {"offers_no_version_of_ours", Error::unsupported_version, Alert::protocol_version,
       [](Offer& o) { o.versions = {Version::tls11, Version::tls10}; }},
      {"offers_tls12_where_tls13_is_the_oldest_allowed",
       Error::unsupported_version,
       Alert::protocol_version,
       [](Offer& o) { o.versions = {Version::tls12, Version::tls11}; },
       {},
       [](ServerConfig& c) { c.min_version = Version::tls13; }},
      {"offers_tls10_by_legacy_version", Error::unsupported_version, Alert::protocol_version,
       [](Offer& o) {
         o.with_versions = false;
         o.legacy_version = Version::tls10;
       }},
      {"offers_only_grease_versions", Error::unsupported_version, Alert::protocol_version,
       [](Offer& o) { o.versions = {static_cast<Version>(0x7a7a)}; }},
      {"legacy_version_is_ssl3", Error::unsupported_version, Alert::protocol_version,
       [](Offer& o) { o.legacy_version = Version::ssl3; }},
      {"version_list_is_empty", Error::malformed_extension, Alert::decode_error, [](Offer& o) { o.versions = {}; }},
      // The fixed part
      {"session_id_too_long", Error::malformed_message, Alert::decode_error,
       [](Offer& o) { o.session_id = Buffer(33, 1); }},
      {"no_suite_at_all", Error::malformed_message, Alert::decode_error, [](Offer& o) { o.suites = {}; }},
      {"no_suite_of_ours", Error::no_common_cipher_suite, Alert::handshake_failure,
       [](Offer& o) { o.suites = {static_cast<CipherSuite>(0x1304), static_cast<CipherSuite>(0x0a0a)}; }},
      {"no_compression_method", Error::malformed_message, Alert::decode_error,
       [](Offer& o) { o.compression_methods = {}; }},
      {"offers_compression", Error::bad_compression_method, Alert::illegal_parameter,
       [](Offer& o) { o.compression_methods = {1, 0}; }},
      {"only_a_compression_that_is_not_null", Error::bad_compression_method, Alert::illegal_parameter,
       [](Offer& o) { o.compression_methods = {1}; }},
      // Extensions
      {"no_signature_algorithms", Error::missing_extension, Alert::missing_extension,
       [](Offer& o) { o.with_schemes = false; }},
      {"no_supported_groups", Error::missing_extension, Alert::missing_extension,
       [](Offer& o) { o.with_groups = false; }},
      {"no_key_share", Error::missing_extension, Alert::missing_extension, [](Offer& o) { o.with_shares = false; }},
      {"duplicate_of_a_known_extension", Error::duplicate_extension, Alert::illegal_parameter,
       [](Offer& o) { o.more_extensions = extension(0, {0, 4, 0, 0, 1, 'x'}); }},
      {"duplicate_of_an_unknown_extension", Error::duplicate_extension, Alert::illegal_parameter,
       [](Offer& o) { o.more_extensions = o.last_extensions = extension(0x7777, {}); }},
      {"too_many_extensions", Error::too_many_extensions, Alert::illegal_parameter,
       [](Offer& o) {
         for (std::uint16_t i = 0; i <= limits::kMaxExtensions; ++i)
           append(o.more_extensions, extension(0x5000 + i, {}));
       }},
      {"pre_shared_key_not_last", Error::misplaced_extension, Alert::illegal_parameter,
       [](Offer& o) { o.more_extensions = extension(41, {0, 0, 0, 0}); }},
      {"pre_shared_key_without_modes", Error::missing_extension, Alert::missing_extension,
       [](Offer& o) {
         o.psk_modes = {};
         o.last_extensions = extension(41, {0, 0, 0, 0});
       }},
      {"psk_modes_are_empty", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) {
         o.psk_modes = {};
         o.more_extensions = extension(45, {0});
         o.last_extensions = psk({0, 7, 0, 1, 'x', 0, 0, 0, 0}, 33);
       }},
      {"psk_without_identities",
       Error::malformed_extension,
       Alert::decode_error,
       {},
       [](TestClient& c) { c.alter_hello = [](Buffer& m) { add_last_extension(m, psk({0, 0}, 33)); }; }},
      {"psk_identity_is_empty",
       Error::malformed_extension,
       Alert::decode_error,
       {},
       [](TestClient& c) {
         c.alter_hello = [](Buffer& m) { add_last_extension(m, psk({0, 6, 0, 0, 0, 0, 0, 0}, 33)); };
       }},
      {"psk_binder_too_short",
       Error::malformed_extension,
       Alert::decode_error,
       {},
       [](TestClient& c) {
         c.alter_hello = [](Buffer& m) { add_last_extension(m, psk({0, 7, 0, 1, 'x', 0, 0, 0, 0}, 32)); };
       }},
      {"psk_has_two_identities_and_one_binder",
       Error::illegal_parameter,
       Alert::illegal_parameter,
       {},
       [](TestClient& c) {
         c.alter_hello = [](Buffer& m) {
           add_last_extension(m, psk({0, 14, 0, 1, 'x', 0, 0, 0, 0, 0, 1, 'y', 0, 0, 0, 0}, 33));
         };
       }},
      {"schemes_of_odd_length", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) {
         o.with_schemes = false;
         o.more_extensions = extension(13, {0, 3, 4, 3, 8});
       }},
      {"no_scheme_of_ours", Error::no_common_signature_scheme, Alert::handshake_failure,
       [](Offer& o) { o.schemes = {SignatureScheme::ed25519, SignatureScheme::rsa_pkcs1_sha256}; }},
      {"no_group_of_ours", Error::no_common_group, Alert::handshake_failure,
       [](Offer& o) {
         o.groups = {NamedGroup::secp384r1};
         o.shares = {};
       }},
      {"no_alpn_protocol_of_ours",
       Error::no_common_application_protocol,
       Alert::no_application_protocol,
       [](Offer& o) { o.protocols = {"spdy/3"}; },
       {},
       [](ServerConfig& c) { c.alpn = {"http/1.1"}; }},
      {"alpn_list_is_empty", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) { o.more_extensions = extension(16, {0, 0}); }},
      {"alpn_protocol_is_empty", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) { o.more_extensions = extension(16, {0, 1, 0}); }},
      {"server_name_list_is_empty", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) {
         o.server_name = "";
         o.more_extensions = extension(0, {0, 0});
       }},
      {"two_server_names", Error::malformed_extension, Alert::decode_error,
       [](Offer& o) {
         o.server_name = "";
         o.more_extensions = extension(0, {0, 8, 0, 0, 1, 'x', 0, 0, 1, 'y'});
       }},
      {"server_name_holds_a_zero", Error::illegal_parameter, Alert::illegal_parameter,
       [](Offer& o) { o.server_name = std::string("a\0b", 3); }},
      // Key shares
      {"two_shares_of_one_group", Error::duplicate_key_share, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {NamedGroup::x25519, NamedGroup::x25519}; }},
      {"share_of_a_group_not_offered", Error::duplicate_key_share, Alert::illegal_parameter,
       [](Offer& o) { o.groups = {NamedGroup::secp256r1}; }},
      {"share_too_short",
       Error::bad_key_share,
       Alert::illegal_parameter,
       {},
       [](TestClient& c) { c.alter_share = [](Buffer& key) { key.pop_back(); }; }},
      {"share_too_long",
       Error::bad_key_share,
       Alert::illegal_parameter,
       {},
       [](TestClient& c) { c.alter_share = [](Buffer& key) { key.push_back(0); }; }},
      {"x25519_share_of_zeros",
       Error::bad_key_share,
       Alert::illegal_parameter,
       {},
       [](TestClient& c) { c.alter_share = [](Buffer& key) { key.assign(key.size(), 0); }; }},
      {"p256_point_off_the_curve", Error::bad_key_share, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {NamedGroup::secp256r1}; },
       [](TestClient& c) { c.alter_share = [](Buffer& key) { key[40] ^= 1; }; }},
      {"p256_point_compressed", Error::bad_key_share, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {NamedGroup::secp256r1}; },
       [](TestClient& c) { c.alter_share = [](Buffer& key) { key[0] = 2; }; }},
      // Lengths
      {"one_byte_behind_the_extensions",
       Error::malformed_message,
       Alert::decode_error,
       {},
       [](TestClient& c) {
         c.alter_hello = [](Buffer& m) {
           m.push_back(0);
           store_be24(&m[1], static_cast<std::uint32_t>(m.size() - 4));
         };
       }},
      {"cut_inside_the_random",
       Error::malformed_message,
       Alert::decode_error,
       {},
       [](TestClient& c) {
         c.alter_hello = [](Buffer& m) {
           m.resize(20);
           store_be24(&m[1], 16);
         };
       }},
      {"message_longer_than_the_bound",
       Error::message_too_long,
       Alert::illegal_parameter,
       {},
       [](TestClient& c) { c.alter_hello = [](Buffer& m) { store_be24(&m[1], 65'537); }; }},
      {"another_message_in_the_same_record",
       Error::straddles_key_change,
       Alert::unexpected_message,
       {},
       [](TestClient& c) { c.alter_hello = [](Buffer& m) { m.push_back(20); }; }},
      {"another_message_first",
       Error::unexpected_handshake_message,
       Alert::unexpected_message,
       {},
       [](TestClient& c) { c.alter_hello = [](Buffer& m) { m[0] = 11; }; }},
      // The second ClientHello
      {"second_hello_has_another_random", Error::second_hello_changed, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; }, [](TestClient& c) { c.alter_second_hello = [](Buffer& m) { m[10] ^= 1; }; }},
      {"second_hello_has_no_share", Error::second_hello_without_share, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; },
       [](TestClient& c) {
         c.alter_second_hello = [&c](Buffer& m) {
           c.offer.shares = {};
           m = c.client_hello();
         };
       }},
      {"second_hello_has_two_shares", Error::second_hello_without_share, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; },
       [](TestClient& c) {
         c.alter_second_hello = [&c](Buffer& m) {
           c.offer.shares = {NamedGroup::x25519, NamedGroup::secp256r1};
           m = c.client_hello();
         };
       }},
      {"second_hello_has_early_data", Error::second_hello_changed, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; },
       [](TestClient& c) {
         c.alter_second_hello = [&c](Buffer& m) {
           c.offer.more_extensions = extension(42, {});
           m = c.client_hello();
         };
       }},
      {"second_hello_has_a_cookie_nobody_gave", Error::forged_cookie, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; },
       [](TestClient& c) {
         c.alter_second_hello = [&c](Buffer& m) {
           c.cookie = {9};
           m = c.client_hello();
         };
       }},
      {"second_hello_drops_an_extension", Error::second_hello_changed, Alert::illegal_parameter,
       [](Offer& o) { o.shares = {}; },
       [](TestClient& c) {
         c.alter_second_hello = [&c](Buffer& m) {
           c.offer.server_name = "";
           m = c.client_hello();
         };
       }},
      // Finished
      {"finished_has_a_flipped_bit",
       Error::bad_finished,
       Alert::decrypt_error,
       {},
       [](TestClient& c) { c.alter_finished = [](Buffer& m) { m.back() ^= 1; }; }},
      {"finished_too_short",
       Error::malformed_message,
       Alert::decode_error,
       {},
       [](TestClient& c) {
         c.alter_finished = [](Buffer& m) {
           m.pop_back();
           --m[3];
         };
       }},
      {"finished_with_a_byte_behind_it",
       Error::straddles_key_change,
       Alert::unexpected_message,
       {},
       [](TestClient& c) { c.alter_finished = [](Buffer& m) { m.push_back(24); }; }},
      {"certificate_instead_of_finished",
       Error::unexpected_handshake_message,
       Alert::unexpected_message,
       {},
       [](TestClient& c) { c.alter_finished = [](Buffer& m) { m[0] = 11; }; }},
  };
  return rows;
}

class Refusal : public testing::TestWithParam<Fault> {};

TEST_P(Refusal, draws_its_alert_and_leaves_nothing) {
  const Fault& fault = GetParam();
  World world;
  ServerConfig draft = World::default_config();
  if (fault.config) fault.config(draft);
  const ServerConfig config = *prepared(draft);
  ServerEnd server(world, config);
  Offer offer;
  if (fault.offer) fault.offer(offer);
  TestClient client(world, offer);
  if (fault.client) fault.client(client);
  client.start();
  exchange(client, server);
  EXPECT_FALSE(server.connected);
  EXPECT_TRUE(server.failed);
  EXPECT_EQ(server.session().phase(), Phase::failed);
  EXPECT_EQ(name_of(server.session().failure().error), name_of(fault.error));
  EXPECT_EQ(server.session().failure().alert, fault.alert);
  ASSERT_TRUE(client.alert) << "no alert came";
  EXPECT_EQ(name_of(*client.alert), name_of(fault.alert));
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
  EXPECT_EQ(world.statistics.handshakes_failed[static_cast<std::size_t>(fault.error)].get(), 1u);
  EXPECT_FALSE(server.session().wants_record());
}

INSTANTIATE_TEST_SUITE_P(Faults, Refusal, testing::ValuesIn(faults()),
                         [](const testing::TestParamInfo<Fault>& row) { return std::string(row.param.name); });

struct FirstBytes {
  const char* name;
  Buffer bytes;
  Error error;
  Alert alert;
};
void PrintTo(const FirstBytes& row, std::ostream* out) { *out << row.name; }

Buffer text(std::string_view what) { return {what.begin(), what.end()}; }

class FirstBytesOfAConnection : public testing::TestWithParam<FirstBytes> {};

TEST_P(FirstBytesOfAConnection, are_recognised) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  server.receive(GetParam().bytes);
  EXPECT_TRUE(server.failed);
  EXPECT_EQ(name_of(server.session().failure().error), name_of(GetParam().error));
  EXPECT_EQ(server.session().failure().alert, GetParam().alert);
  const Buffer alert = {21, 3, 3, 0, 2, 2, static_cast<std::uint8_t>(GetParam().alert)};
  EXPECT_EQ(server.take_output(), alert);
  EXPECT_EQ(world.statistics.alerts_sent[static_cast<std::size_t>(GetParam().alert)].get(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Port, FirstBytesOfAConnection,
    testing::Values(
        FirstBytes{"http_get", text("GET / HTTP/1.1\r\n"), Error::plain_http, Alert::unexpected_message},
        FirstBytes{"http_post", text("POST /"), Error::plain_http, Alert::unexpected_message},
        FirstBytes{"http2_preface", text("PRI * HTTP/2.0"), Error::plain_http, Alert::unexpected_message},
        FirstBytes{"ssh", text("SSH-2.0-OpenSSH"), Error::not_tls, Alert::unexpected_message},
        FirstBytes{"zeros", Buffer(16, 0), Error::not_tls, Alert::unexpected_message},
        FirstBytes{"record_of_major_version_2", {22, 2, 0, 0, 9}, Error::not_tls, Alert::unexpected_message},
        FirstBytes{
            "ssl2_hello_for_ssl2", {0x80, 0x2e, 1, 0, 2, 0, 0x15}, Error::ssl2_client_hello, Alert::protocol_version},
        FirstBytes{
            "ssl2_hello_for_tls10", {0x80, 0x2e, 1, 3, 1, 0, 0x15}, Error::ssl2_client_hello, Alert::protocol_version},
        FirstBytes{"handshake_record_too_long", {22, 3, 1, 0x40, 1}, Error::record_overflow, Alert::record_overflow},
        FirstBytes{"empty_handshake_record", {22, 3, 1, 0, 0}, Error::empty_record, Alert::unexpected_message},
        FirstBytes{"application_data", {23, 3, 3, 0, 1, 0}, Error::unexpected_record, Alert::unexpected_message},
        FirstBytes{
            "change_cipher_spec", {20, 3, 3, 0, 1, 1}, Error::bad_change_cipher_spec, Alert::unexpected_message}),
    [](const testing::TestParamInfo<FirstBytes>& row) { return std::string(row.param.name); });

TEST(FirstBytesOfAConnection, fatal_alert_ends_the_session_without_an_answer) {
  World world;
  const ServerConfig config = World::default_config();
  ServerEnd server(world, config);
  server.receive(Buffer{21, 3, 1, 0, 2, 2, 40});
  EXPECT_TRUE(server.failed);
  EXPECT_EQ(server.session().failure().error, Error::alert_received);
  EXPECT_EQ(server.session().failure().alert, Alert::handshake_failure);
  EXPECT_TRUE(server.take_output().empty());
}

}  // namespace
}  // namespace handsel::tls::test
