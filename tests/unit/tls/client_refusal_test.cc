// What follows a ServerHello with one thing wrong: our client's exact error and alert, and nothing left behind.

#include <gtest/gtest.h>

#include "client_fault.h"

namespace handsel::tls::test {
namespace {

const Buffer kBothNames = {0, 9, 2, 'h', '2', 5, 'o', 't', 'h', 'e', 'r'};

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
       message12(Step::server_key_exchange, [](Buffer& m) { m[6] = 25; })},
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

class ServerFlightFault : public testing::TestWithParam<Fault> {};
TEST_P(ServerFlightFault, is_refused_exactly_and_leaves_nothing) { expect_refusal(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Faults, ServerFlightFault, testing::ValuesIn(later_faults()), kFaultName);

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
