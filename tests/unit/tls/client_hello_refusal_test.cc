// A ServerHello or HelloRetryRequest with one thing wrong: our client's exact error and alert, and nothing left behind.

#include <gtest/gtest.h>

#include "client_fault.h"

namespace handsel::tls::test {
namespace {

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
         s.echoes_session_id = true;
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
       retry([](HelloDraft& h) { h.extension(51) = {0, 25}; })},
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

void session13(StoredSession& session) {
  session.version = Version::tls13;
  session.suite = CipherSuite::aes_128_gcm_sha256;
  std::ranges::fill(session.secret.fill(32), std::uint8_t{7});
}
void session12(StoredSession& session) {
  session.version = Version::tls12;
  session.suite = CipherSuite::ecdhe_ecdsa_aes_128_gcm_sha256;
  session.extended_master_secret = true;
  session.secret.fill(48);
}
/// TLS 1.2, taking the session up.
auto resumes12(std::function<void(Script&)> more) {
  return [more](Script& s) {
    tls12(s);
    s.echoes_session_id = true;
    more(s);
  };
}

std::vector<Fault> resumption_faults() {
  return {
      {"pre_shared_key_of_an_index_that_was_not_offered",
       Error::psk_not_offered,
       Alert::illegal_parameter,
       hello([](HelloDraft& h) { h.extension(41) = {0, 1}; }),
       {},
       session13},
      {"pre_shared_key_malformed",
       Error::malformed_extension,
       Alert::decode_error,
       hello([](HelloDraft& h) { h.extension(41) = {0}; }),
       {},
       session13},
      {"pre_shared_key_without_a_share",
       Error::psk_not_offered,
       Alert::illegal_parameter,
       hello([](HelloDraft& h) {
         h.extension(41) = {0, 0};
         h.remove(51);
       }),
       {},
       session13},
      {"pre_shared_key_under_a_suite_of_another_hash",
       Error::psk_not_offered,
       Alert::illegal_parameter,
       [](Script& s) {
         s.suite = CipherSuite::aes_256_gcm_sha384;
         s.server_hello = [](HelloDraft& h) { h.extension(41) = {0, 0}; };
       },
       {},
       session13},
      {"pre_shared_key_that_was_dropped_after_the_retry",
       Error::unsolicited_extension,
       Alert::unsupported_extension,
       [](Script& s) {
         retry([](HelloDraft&) {})(s);
         s.suite = CipherSuite::aes_256_gcm_sha384;
         s.server_hello = [](HelloDraft& h) { h.extension(41) = {0, 0}; };
       },
       {},
       session13},
      // Zeros are what stands for no pre-shared key at all, so the script's keys are the right ones.
      {"pre_shared_key_taken_up_and_a_certificate_sent",
       Error::unexpected_handshake_message,
       Alert::unexpected_message,
       hello([](HelloDraft& h) { h.extension(41) = {0, 0}; }),
       {},
       [](StoredSession& session) {
         session13(session);
         session.secret.wipe();
         session.secret.fill(32);
       }},
      {"session_of_tls12_taken_up_by_tls13",
       Error::unsolicited_extension,
       Alert::unsupported_extension,
       hello([](HelloDraft& h) { h.extension(41) = {0, 0}; }),
       {},
       session12},
      {"session_of_tls12_under_another_suite",
       Error::session_not_offered,
       Alert::illegal_parameter,
       resumes12([](Script& s) { s.suite = CipherSuite::ecdhe_ecdsa_aes_256_gcm_sha384; }),
       {},
       session12},
      {"session_of_tls12_without_its_extended_master_secret",
       Error::session_not_offered,
       Alert::illegal_parameter,
       resumes12([](Script& s) { s.server_hello = [](HelloDraft& h) { h.remove(23); }; }),
       {},
       session12},
      {"session_of_tls12_taken_up_and_a_certificate_sent",
       Error::unexpected_handshake_message,
       Alert::unexpected_message,
       resumes12([](Script&) {}),
       {},
       session12},
      {"session_of_tls13_taken_up_by_tls12",
       Error::session_not_offered,
       Alert::illegal_parameter,
       resumes12([](Script&) {}),
       {},
       session13},
  };
}

class ServerHelloFault : public testing::TestWithParam<Fault> {};
TEST_P(ServerHelloFault, is_refused_exactly_and_leaves_nothing) { expect_refusal(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Faults, ServerHelloFault, testing::ValuesIn(hello_faults()), kFaultName);
INSTANTIATE_TEST_SUITE_P(Resumption, ServerHelloFault, testing::ValuesIn(resumption_faults()), kFaultName);

TEST(ServerHelloOfAStranger, ticket_taken_up_by_a_stranger_gives_keys_that_open_nothing) {
  ClientWorld world;
  World server_world;
  const ClientConfig config = *prepared(default_client());
  SessionCache::Room room = world.sessions.open();
  room->scope = config.session_scope;
  room->expires_unix_ms = ~std::uint64_t{0};
  room->set_ticket(Buffer(40, 7));
  session13(*room);
  room.keep();
  Script script;
  script.server_hello = [](HelloDraft& h) { h.extension(41) = {0, 0}; };
  TestServer server(server_world, script);
  ClientEnd client(world, config);
  client.start();
  server.receive(client.take_output());
  client.receive(server.take_output());
  client.settle();
  EXPECT_EQ(client.session().failure().error, Error::bad_record_mac);
  EXPECT_EQ(client.session().failure().alert, Alert::bad_record_mac);
  EXPECT_EQ(world.sessions.taken_out(), 0u);
}

}  // namespace
}  // namespace handsel::tls::test
