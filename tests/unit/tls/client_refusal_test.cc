// A server's answer with one thing wrong: the exact error and alert of our client, and nothing left behind.

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "test_server.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

struct Fault {
  const char* name;
  Error error;
  Alert alert;
  std::function<void(Script&)> script;
  std::function<void(ClientConfig&)> config = {};
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

/// Runs a client against the script and expects this failure.
void expect_refusal(const Fault& fault) {
  ClientWorld world;
  World server_world;
  ClientConfig draft = default_client();
  if (fault.config) fault.config(draft);
  const ClientConfig config = *prepared(draft);
  Script script;
  fault.script(script);
  TestServer server(server_world, script);
  ClientEnd client(world, config);
  client.start();
  exchange(client, server);
  EXPECT_TRUE(client.failed) << "waits for " << explain(client.session().waiting());
  EXPECT_FALSE(client.connected);
  EXPECT_EQ(name_of(client.session().failure().error), name_of(fault.error));
  ASSERT_TRUE(server.alert) << "no alert came";
  EXPECT_EQ(name_of(*server.alert), name_of(fault.alert));
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
  EXPECT_EQ(world.frames.longs_taken(), 0u);
  EXPECT_EQ(world.stage.waiting(), 0u);
  EXPECT_EQ(world.sessions.taken_out(), 0u);
  EXPECT_EQ(world.sessions.pending_count(), 0u);
  EXPECT_EQ(world.statistics.handshakes_failed[static_cast<std::size_t>(fault.error)].get(), 1u);
  EXPECT_FALSE(client.session().wants_record());
}

void tls12(Script& s) {
  s.version = Version::tls12;
  s.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
}

/// Makes a script that alters the ServerHello, of TLS 1.3 or of 1.2.
auto hello(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) { s.server_hello = alter; };
}
auto hello12(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) {
    tls12(s);
    s.server_hello = alter;
  };
}
/// A HelloRetryRequest for P-256, altered.
auto retry(std::function<void(HelloDraft&)> alter) {
  return [alter](Script& s) {
    s.retries = true;
    s.group = NamedGroup::secp256r1;
    s.retry_request = alter;
  };
}
auto encrypted(Extensions extensions) {
  return [extensions](Script& s) { s.encrypted_extensions = extensions; };
}
/// One message, altered before it is hashed.
auto message(Step which, std::function<void(Buffer&)> alter) {
  return [which, alter](Script& s) {
    s.message = [which, alter](Step step, Buffer& bytes) {
      if (step == which) alter(bytes);
    };
  };
}
auto message12(Step which, std::function<void(Buffer&)> alter) {
  return [which, alter](Script& s) {
    tls12(s);
    message(which, alter)(s);
  };
}
auto rsa(std::function<void(Script&)> more) {
  return [more](Script& s) {
    s.credential = Certificates::get().rsa;
    s.scheme = SignatureScheme::rsa_pss_rsae_sha256;
    more(s);
  };
}

void fix_length(Buffer& message) { store_be24(&message[1], static_cast<std::uint32_t>(message.size() - 4)); }
const Buffer kBothNames = {0, 9, 2, 'h', '2', 5, 'o', 't', 'h', 'e', 'r'};
void offer_h2(ClientConfig& c) { c.alpn = {"h2"}; }
void only13(ClientConfig& c) { c.min_version = Version::tls13; }
void only12(ClientConfig& c) { c.max_version = Version::tls12; }

std::vector<Fault> hello_faults() {
  return {
      // Versions
      {"legacy_version_is_not_tls12", Error::illegal_parameter, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.legacy_version = 0x0304; })},
      {"selects_a_draft_version", Error::illegal_parameter, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(43) = {0x7f, 0x1c}; })},
      {"selects_tls12_by_supported_versions", Error::illegal_parameter, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(43) = {3, 3}; })},
      {"selected_version_is_one_byte", Error::malformed_extension, Alert::decode_error,
       hello([](HelloDraft& h) { h.extension(43) = {3}; })},
      {"selects_tls13_where_it_was_not_offered", Error::unsolicited_extension, Alert::unsupported_extension,
       hello12([](HelloDraft& h) { h.extension(43) = {3, 4}; }), only12},
      {"tls11", Error::unsupported_version, Alert::protocol_version,
       hello12([](HelloDraft& h) { h.legacy_version = 0x0302; })},
      {"ssl3", Error::unsupported_version, Alert::protocol_version,
       hello12([](HelloDraft& h) { h.legacy_version = 0x0300; })},
      {"tls12_where_tls13_is_the_oldest_allowed", Error::unsupported_version, Alert::protocol_version,
       hello12([](HelloDraft&) {}), only13},
      {"tls13_by_legacy_version_alone", Error::unsupported_version, Alert::protocol_version,
       hello12([](HelloDraft& h) { h.legacy_version = 0x0304; })},
      {"downgrade_sentinel_of_tls12", Error::downgrade_detected, Alert::illegal_parameter, hello12([](HelloDraft& h) {
         std::ranges::copy(Buffer{0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 1}, h.random.end() - 8);
       })},
      {"downgrade_sentinel_of_tls11", Error::downgrade_detected, Alert::illegal_parameter, hello12([](HelloDraft& h) {
         std::ranges::copy(Buffer{0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44, 0}, h.random.end() - 8);
       })},
      {"retry_request_without_a_version", Error::missing_extension, Alert::missing_extension,
       retry([](HelloDraft& h) { h.remove(43); })},
      // The fixed part
      {"session_id_altered", Error::session_id_not_echoed, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.session_id[31] ^= 1; })},
      {"session_id_left_out", Error::session_id_not_echoed, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.session_id.clear(); })},
      {"session_id_where_none_was_sent", Error::session_id_not_echoed, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.session_id = Buffer(32, 1); }),
       [](ClientConfig& c) { c.compatibility_mode = false; }},
      {"session_id_too_long", Error::malformed_message, Alert::decode_error,
       hello([](HelloDraft& h) { h.session_id = Buffer(33, 1); })},
      {"session_id_of_the_compatibility_mode_taken_up_by_tls12", Error::session_not_offered, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.before = [](Step step, TestServer& server) {
           if (step != Step::server_hello) return;
           server.script.message = [&server](Step at, Buffer& m) {
             if (at != Step::server_hello) return;
             m.insert(m.begin() + 39, server.client_hello.begin() + 39, server.client_hello.begin() + 71);
             m[38] = 32;
             fix_length(m);
           };
         };
       }},
      {"suite_not_offered", Error::suite_not_offered, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.suite = 0x1304; })},
      {"suite_of_ours_that_was_not_offered", Error::suite_not_offered, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.suite = 0x1302; }),
       [](ClientConfig& c) { c.suites = {CipherSuite::aes_128_gcm_sha256}; }},
      {"suite_of_tls12_in_tls13", Error::suite_not_offered, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.suite = 0xc02b; })},
      {"suite_of_tls13_in_tls12", Error::suite_not_offered, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.suite = 0x1301; })},
      {"suite_of_tls12_not_offered", Error::suite_not_offered, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.suite = 0x009c; })},
      {"compression", Error::bad_compression_method, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.compression = 1; })},
      {"compression_in_tls12", Error::bad_compression_method, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.compression = 1; })},
      // Extensions
      {"unknown_extension", Error::unsolicited_extension, Alert::unsupported_extension,
       hello([](HelloDraft& h) { h.extension(0x7777) = {}; })},
      {"unknown_extension_in_tls12", Error::unsolicited_extension, Alert::unsupported_extension,
       hello12([](HelloDraft& h) { h.extension(0x7777) = {}; })},
      {"protocol_in_the_wrong_message", Error::misplaced_extension, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(16) = {0, 3, 2, 'h', '2'}; }), offer_h2},
      {"protocol_although_none_was_offered", Error::unsolicited_extension, Alert::unsupported_extension,
       hello([](HelloDraft& h) { h.extension(16) = {0, 3, 2, 'h', '2'}; })},
      {"duplicate_extension", Error::duplicate_extension, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extensions.push_back(h.extensions.front()); })},
      {"duplicate_extension_in_tls12", Error::duplicate_extension, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.extensions.push_back(h.extensions.front()); })},
      {"cookie_in_the_server_hello", Error::misplaced_extension, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(44) = {0, 1, 7}; })},
      {"key_share_in_tls12", Error::misplaced_extension, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.extension(51) = {0, 29}; })},
      {"extended_master_secret_with_a_body", Error::malformed_extension, Alert::decode_error,
       hello12([](HelloDraft& h) { h.extension(23) = {0}; })},
      {"session_ticket_with_a_body", Error::malformed_extension, Alert::decode_error,
       hello12([](HelloDraft& h) { h.extension(35) = {0}; })},
      {"no_renegotiation_info", Error::handshake_refused, Alert::handshake_failure,
       hello12([](HelloDraft& h) { h.remove(0xff01); })},
      {"renegotiation_info_of_a_former_handshake", Error::handshake_refused, Alert::handshake_failure,
       hello12([](HelloDraft& h) { h.extension(0xff01) = Buffer{1, 7}; })},
      {"point_formats_without_the_uncompressed", Error::illegal_parameter, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.extension(11) = {1, 1}; })},
      {"point_formats_malformed", Error::malformed_extension, Alert::decode_error,
       hello12([](HelloDraft& h) { h.extension(11) = {2, 0}; })},
      {"protocol_of_tls12_not_offered", Error::protocol_not_offered, Alert::illegal_parameter,
       hello12([](HelloDraft& h) { h.extension(16) = {0, 6, 5, 'o', 't', 'h', 'e', 'r'}; }), offer_h2},
      {"pre_shared_key_not_offered", Error::unsolicited_extension, Alert::unsupported_extension,
       hello([](HelloDraft& h) { h.extension(41) = {0, 0}; })},
      // Key share
      {"no_key_share", Error::missing_extension, Alert::missing_extension, hello([](HelloDraft& h) { h.remove(51); })},
      {"share_of_a_group_without_a_share_of_ours", Error::group_not_offered, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(51)[1] = 23; })},
      {"share_of_an_unknown_group", Error::group_not_offered, Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(51)[1] = 25; })},
      {"share_too_short", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) { s.share = [](Buffer& key) { key.pop_back(); }; }},
      {"share_too_long", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) { s.share = [](Buffer& key) { key.push_back(0); }; }},
      {"share_empty", Error::malformed_extension, Alert::decode_error,
       [](Script& s) { s.share = [](Buffer& key) { key.clear(); }; }},
      {"share_all_zero", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) { s.share = [](Buffer& key) { std::ranges::fill(key, 0); }; }},
      {"share_off_the_curve", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) {
         s.group = NamedGroup::secp256r1;
         s.share = [](Buffer& key) { key[64] ^= 1; };
       },
       [](ClientConfig& c) { c.groups = {NamedGroup::secp256r1}; }},
      {"share_compressed", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) {
         s.group = NamedGroup::secp256r1;
         s.share = [](Buffer& key) { key[0] = 2; };
       },
       [](ClientConfig& c) { c.groups = {NamedGroup::secp256r1}; }},
      {"share_with_bytes_behind", Error::malformed_extension, Alert::decode_error,
       hello([](HelloDraft& h) { h.extension(51).push_back(0); })},
      // HelloRetryRequest
      {"retry_for_the_group_that_was_shared", Error::illegal_retry, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.extension(51) = {0, 29}; })},
      {"retry_for_a_group_not_offered", Error::group_not_offered, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.extension(51) = {0, 24}; })},
      {"retry_that_changes_nothing", Error::illegal_retry, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.remove(51); })},
      {"retry_with_a_share", Error::malformed_extension, Alert::decode_error,
       retry([](HelloDraft& h) { append(h.extension(51), Buffer(34, 1)); })},
      {"retry_with_an_empty_cookie", Error::malformed_extension, Alert::decode_error,
       retry([](HelloDraft& h) { h.extension(44) = {0, 0}; })},
      {"retry_with_a_cookie_too_long_to_hold", Error::message_too_long, Alert::illegal_parameter,
       retry([](HelloDraft& h) {
         h.extension(44) = Buffer(10'002, 7);
         store_be16(h.extension(44).data(), 10'000);
       })},
      {"retry_without_the_session_id", Error::session_id_not_echoed, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.session_id.clear(); })},
      {"retry_with_a_suite_not_offered", Error::suite_not_offered, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.suite = 0x1304; })},
      {"retry_with_an_unknown_extension", Error::unsolicited_extension, Alert::unsupported_extension,
       retry([](HelloDraft& h) { h.extension(0x7777) = {}; })},
      {"retry_with_a_server_name", Error::misplaced_extension, Alert::illegal_parameter,
       retry([](HelloDraft& h) { h.extension(0) = {}; })},
      {"second_retry", Error::second_retry, Alert::unexpected_message,
       [](Script& s) {
         retry([](HelloDraft&) {})(s);
         s.retry_requests = 2;
       }},
      {"other_suite_after_the_retry", Error::suite_not_offered, Alert::illegal_parameter,
       [](Script& s) {
         retry([](HelloDraft&) {})(s);
         s.server_hello = [](HelloDraft& h) { h.suite = 0x1303; };
       }},
      {"other_group_after_the_retry", Error::group_not_offered, Alert::illegal_parameter,
       [](Script& s) {
         retry([](HelloDraft&) {})(s);
         s.server_hello = [](HelloDraft& h) {
           h.extension(51) = Buffer(36, 9);
           std::ranges::copy(Buffer{0, 29, 0, 32}, h.extension(51).begin());
         };
       }},
      {"tls12_after_the_retry", Error::illegal_parameter, Alert::illegal_parameter,
       [](Script& s) {
         retry([](HelloDraft&) {})(s);
         s.server_hello = [](HelloDraft& h) { h.remove(43); };
       }},
  };
}

std::vector<Fault> later_faults() {
  return {
      // EncryptedExtensions
      {"unknown_encrypted_extension", Error::unsolicited_extension, Alert::unsupported_extension,
       encrypted({{0x7777, {}}})},
      {"duplicate_encrypted_extension", Error::duplicate_extension, Alert::illegal_parameter,
       encrypted({{0, {}}, {0, {}}})},
      {"server_name_with_a_body", Error::malformed_extension, Alert::decode_error, encrypted({{0, {0}}})},
      {"server_name_although_none_was_sent", Error::unsolicited_extension, Alert::unsupported_extension,
       encrypted({{0, {}}}),
       [](ClientConfig& c) {
         c.server_name = "192.0.2.1";
         c.verification = Verification::none;
       }},
      {"protocol_although_none_was_sent", Error::unsolicited_extension, Alert::unsupported_extension,
       encrypted({{16, {0, 3, 2, 'h', '2'}}})},
      {"protocol_not_offered", Error::protocol_not_offered, Alert::illegal_parameter,
       encrypted({{16, {0, 6, 5, 'o', 't', 'h', 'e', 'r'}}}), offer_h2},
      {"two_protocols", Error::illegal_parameter, Alert::illegal_parameter, encrypted({{16, kBothNames}}), offer_h2},
      {"no_protocol_in_the_list", Error::malformed_extension, Alert::decode_error, encrypted({{16, {0, 0}}}), offer_h2},
      {"early_data_not_offered", Error::unsolicited_extension, Alert::unsupported_extension, encrypted({{42, {}}})},
      {"record_size_limit_not_offered", Error::unsolicited_extension, Alert::unsupported_extension,
       encrypted({{28, {0x40, 0}}})},
      {"key_share_encrypted", Error::misplaced_extension, Alert::illegal_parameter, encrypted({{51, {0, 29}}})},
      {"supported_versions_encrypted", Error::misplaced_extension, Alert::illegal_parameter, encrypted({{43, {3, 4}}})},
      // Certificate
      {"certificate_list_empty", Error::malformed_message, Alert::decode_error,
       message(Step::certificate, [](Buffer& m) { m = {11, 0, 0, 4, 0, 0, 0, 0}; })},
      {"certificate_list_empty_in_tls12", Error::malformed_message, Alert::decode_error,
       message12(Step::certificate, [](Buffer& m) { m = {11, 0, 0, 3, 0, 0, 0}; })},
      {"certificate_of_no_bytes", Error::malformed_message, Alert::decode_error,
       message(Step::certificate, [](Buffer& m) { m = {11, 0, 0, 9, 0, 0, 0, 5, 0, 0, 0, 0, 0}; })},
      {"certificate_of_no_bytes_in_tls12", Error::malformed_message, Alert::decode_error,
       message12(Step::certificate, [](Buffer& m) { m = {11, 0, 0, 6, 0, 0, 3, 0, 0, 0}; })},
      {"certificate_with_a_context", Error::illegal_parameter, Alert::illegal_parameter,
       message(Step::certificate,
               [](Buffer& m) {
                 m.insert(m.begin() + 5, 7);
                 m[4] = 1;
                 fix_length(m);
               })},
      {"certificate_with_an_extension", Error::unsolicited_extension, Alert::unsupported_extension,
       message(Step::certificate,
               [](Buffer& m) {
                 m.back() = 4;
                 append(m, Buffer{0, 5, 0, 0});
                 store_be24(&m[5], static_cast<std::uint32_t>(m.size() - 8));
                 fix_length(m);
               })},
      {"certificate_is_not_der", Error::bad_certificate, Alert::bad_certificate,
       message(Step::certificate, [](Buffer& m) { m[11] = 0x31; })},
      // Signed by itself, it is a stranger's as soon as a bit of it is another.
      {"certificate_altered", Error::unknown_authority, Alert::unknown_ca,
       message(Step::certificate, [](Buffer& m) { m[m.size() - 4] ^= 1; })},
      {"more_certificates_than_the_bound", Error::bad_certificate, Alert::bad_certificate,
       [](Script& s) {
         while (s.credential.chain.size() <= limits::kMaxPeerCertificates)
           s.credential.chain.push_back(s.credential.chain.front());
       }},
      {"certificate_of_a_stranger", Error::unknown_authority, Alert::unknown_ca,
       [](Script& s) { s.credential = Certificates::get().other; }},
      {"certificate_of_the_wrong_name", Error::wrong_certificate_name, Alert::certificate_unknown, [](Script&) {},
       [](ClientConfig& c) { c.server_name = "www.example.test"; }},
      {"certificate_for_a_name_where_an_address_is_meant", Error::wrong_certificate_name, Alert::certificate_unknown,
       [](Script&) {}, [](ClientConfig& c) { c.server_name = "192.0.2.1"; }},
      {"key_not_pinned", Error::wrong_pin, Alert::certificate_unknown, [](Script&) {},
       [](ClientConfig& c) { c.pins = {crypto::KeyPin{}}; }},
      {"rsa_certificate_under_an_ecdsa_suite", Error::illegal_parameter, Alert::illegal_parameter,
       rsa([](Script& s) { tls12(s); })},
      {"ecdsa_certificate_under_an_rsa_suite", Error::illegal_parameter, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.suite = CipherSuite::ecdhe_rsa_aes_128_gcm_sha256;
       }},
      // CertificateRequest
      {"certificate_request_with_a_context", Error::illegal_parameter, Alert::illegal_parameter,
       [](Script& s) {
         s.asks_for_certificate = true;
         message(Step::certificate_request, [](Buffer& m) {
           m.insert(m.begin() + 5, 7);
           m[4] = 1;
           fix_length(m);
         })(s);
       }},
      {"certificate_request_without_schemes", Error::missing_extension, Alert::missing_extension,
       [](Script& s) {
         s.asks_for_certificate = true;
         message(Step::certificate_request, [](Buffer& m) { m = {13, 0, 0, 3, 0, 0, 0}; })(s);
       }},
      {"certificate_request_of_tls12_without_kinds", Error::malformed_message, Alert::decode_error,
       [](Script& s) {
         tls12(s);
         s.asks_for_certificate = true;
         message(Step::certificate_request, [](Buffer& m) { m = {13, 0, 0, 7, 0, 0, 2, 4, 3, 0, 0}; })(s);
       }},
      // Signatures
      {"signature_altered", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) { s.signature = [](Buffer& bytes) { bytes.back() ^= 1; }; }},
      {"signature_empty", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) { s.signature = [](Buffer& bytes) { bytes.clear(); }; }},
      {"signature_longer_than_any", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) { s.signature = [](Buffer& bytes) { bytes.resize(1'100); }; }},
      {"rsa_signature_altered", Error::bad_signature, Alert::decrypt_error,
       rsa([](Script& s) { s.signature = [](Buffer& bytes) { bytes[9] ^= 1; }; })},
      {"signed_by_another_key", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) { s.credential.key = Certificates::get().other.key; }},
      {"signature_altered_in_tls12", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) {
         tls12(s);
         s.signature = [](Buffer& bytes) { bytes.back() ^= 1; };
       }},
      {"signed_by_another_key_in_tls12", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) {
         tls12(s);
         s.credential.key = Certificates::get().other.key;
       }},
      {"scheme_of_another_key", Error::scheme_not_offered, Alert::illegal_parameter,
       [](Script& s) { s.scheme = SignatureScheme::rsa_pss_rsae_sha256; }},
      {"scheme_of_another_curve", Error::scheme_not_offered, Alert::illegal_parameter,
       [](Script& s) { s.scheme = SignatureScheme::ecdsa_secp384r1_sha384; }},
      {"scheme_of_another_key_in_tls12", Error::scheme_not_offered, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.scheme = SignatureScheme::rsa_pkcs1_sha256;
       }},
      {"pkcs1_in_tls13", Error::scheme_not_offered, Alert::illegal_parameter,
       rsa([](Script& s) { s.scheme = SignatureScheme::rsa_pkcs1_sha256; })},
      {"sha1_in_tls12", Error::scheme_not_offered, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.scheme = static_cast<SignatureScheme>(0x0203);
       }},
      // ServerKeyExchange
      {"key_exchange_by_a_curve_of_its_own", Error::illegal_parameter, Alert::illegal_parameter,
       message12(Step::server_key_exchange, [](Buffer& m) { m[4] = 1; })},
      {"key_exchange_group_not_offered", Error::group_not_offered, Alert::illegal_parameter,
       message12(Step::server_key_exchange, [](Buffer& m) { m[6] = 24; })},
      {"key_exchange_share_too_short", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.share = [](Buffer& key) { key.pop_back(); };
       }},
      {"key_exchange_share_all_zero", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.share = [](Buffer& key) { std::ranges::fill(key, 0); };
       }},
      {"key_exchange_share_off_the_curve", Error::bad_key_share, Alert::illegal_parameter,
       [](Script& s) {
         tls12(s);
         s.group = NamedGroup::secp256r1;
         s.share = [](Buffer& key) { key[64] ^= 1; };
       }},
      // Finished and ChangeCipherSpec
      {"finished_altered", Error::bad_finished, Alert::decrypt_error,
       message(Step::finished, [](Buffer& m) { m.back() ^= 1; })},
      {"finished_altered_in_tls12", Error::bad_finished, Alert::decrypt_error,
       message12(Step::finished, [](Buffer& m) { m.back() ^= 1; })},
      {"encrypted_extensions_altered_on_the_way", Error::bad_signature, Alert::decrypt_error,
       [](Script& s) {
         s.sent = [](Step step, Buffer& m) {
           if (step == Step::encrypted_extensions) m = {8, 0, 0, 6, 0, 4, 0, 0, 0, 0};
         };
       }},
      {"finished_without_change_cipher_spec", Error::unexpected_handshake_message, Alert::unexpected_message,
       [](Script& s) {
         tls12(s);
         s.sends_change_cipher_spec = false;
       }},
      {"ticket_that_was_announced_does_not_come", Error::bad_change_cipher_spec, Alert::unexpected_message,
       [](Script& s) {
         tls12(s);
         s.announces_ticket = true;
         message(Step::new_session_ticket, [](Buffer& m) { m.clear(); })(s);
       }},
      {"ticket_of_tls12_truncated", Error::malformed_message, Alert::decode_error,
       [](Script& s) {
         tls12(s);
         s.announces_ticket = true;
         message(Step::new_session_ticket, [](Buffer& m) {
           m.pop_back();
           fix_length(m);
         })(s);
       }},
      {"change_cipher_spec_before_the_server_hello_of_tls12", Error::bad_change_cipher_spec, Alert::unexpected_message,
       [](Script& s) {
         tls12(s);
         s.before = [](Step step, TestServer& server) {
           if (step == Step::server_hello) server.put(Buffer{20, 3, 3, 0, 1, 1});
         };
       }},
      {"change_cipher_spec_inside_the_flight_of_tls12", Error::bad_change_cipher_spec, Alert::unexpected_message,
       [](Script& s) {
         tls12(s);
         s.after = [](Step step, TestServer& server) {
           if (step == Step::certificate) server.put(Buffer{20, 3, 3, 0, 1, 1});
         };
       }},
  };
}

class ClientRefusal : public testing::TestWithParam<Fault> {};
TEST_P(ClientRefusal, is_exact_and_leaves_nothing) { expect_refusal(GetParam()); }

constexpr auto kName = [](const testing::TestParamInfo<Fault>& row) { return std::string(row.param.name); };
INSTANTIATE_TEST_SUITE_P(Hello, ClientRefusal, testing::ValuesIn(hello_faults()), kName);
INSTANTIATE_TEST_SUITE_P(Later, ClientRefusal, testing::ValuesIn(later_faults()), kName);

TEST(ClientRefusalScript, unaltered_connects) {
  for (const Version version : {Version::tls12, Version::tls13})
    for (const bool asks : {false, true}) {
      ClientWorld world;
      World server_world;
      const ClientConfig config = *prepared(default_client());
      Script script;
      if (version == Version::tls12) tls12(script);
      script.asks_for_certificate = asks;
      script.announces_ticket = true;
      TestServer server(server_world, script);
      ClientEnd client(world, config);
      client.start();
      exchange(client, server);
      EXPECT_TRUE(client.connected) << name_of(client.session().failure().error);
      EXPECT_TRUE(server.connected);
    }
}

}  // namespace
}  // namespace handsel::tls::test
