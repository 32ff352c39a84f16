// Each message of a server truncated, extended, repeated, left out or of another type, and records that have no place:
// the client's exact error and alert, and nothing left behind.

#include <gtest/gtest.h>

#include "client_fault.h"

namespace handsel::tls::test {
namespace {

struct NamedStep {
  const char* name;
  Step step;
};
constexpr NamedStep kSteps13[] = {{"server_hello", Step::server_hello},
                                  {"encrypted_extensions", Step::encrypted_extensions},
                                  {"certificate_request", Step::certificate_request},
                                  {"certificate", Step::certificate},
                                  {"certificate_verify", Step::certificate_verify},
                                  {"finished", Step::finished}};
constexpr NamedStep kSteps12[] = {{"server_hello", Step::server_hello},
                                  {"certificate", Step::certificate},
                                  {"server_key_exchange", Step::server_key_exchange},
                                  {"certificate_request", Step::certificate_request},
                                  {"server_hello_done", Step::server_hello_done},
                                  {"new_session_ticket", Step::new_session_ticket},
                                  {"finished", Step::finished}};

/// What is done to one message, and the error when nothing else is said.
struct Treatment {
  const char* name;
  Error error;
  std::function<void(Script&, Step)> apply;
};

auto on(Step which, std::function<void(Buffer&)> alter) {
  return [which, alter](Step step, Buffer& bytes) {
    if (step == which) alter(bytes);
  };
}

std::vector<Treatment> treatments() {
  return {
      {"truncated", Error::malformed_message,
       [](Script& s, Step step) {
         s.message = on(step, [](Buffer& m) {
           // The one without a body loses nothing.
           if (m.size() > 4) m.pop_back();
           fix_length(m);
         });
       }},
      {"extended", Error::malformed_message,
       [](Script& s, Step step) {
         s.message = on(step, [](Buffer& m) {
           m.push_back(0);
           fix_length(m);
         });
       }},
      {"emptied", Error::malformed_message,
       [](Script& s, Step step) { s.message = on(step, [](Buffer& m) { m = {m[0], 0, 0, 0}; }); }},
      {"left_out", Error::unexpected_handshake_message,
       [](Script& s, Step step) { s.message = on(step, [](Buffer& m) { m.clear(); }); }},
      {"of_another_type", Error::unexpected_handshake_message,
       [](Script& s, Step step) { s.message = on(step, [](Buffer& m) { m[0] = 24; }); }},
      {"of_no_type", Error::unexpected_handshake_message,
       [](Script& s, Step step) { s.message = on(step, [](Buffer& m) { m[0] = 99; }); }},
      {"longer_than_the_bound", Error::message_too_long,
       [](Script& s, Step step) { s.message = on(step, [](Buffer& m) { store_be24(&m[1], 70'000); }); }},
      {"repeated", Error::unexpected_handshake_message,
       [](Script& s, Step step) {
         s.sent = on(step, [](Buffer& m) {
           const Buffer once = m;
           append(m, once);
         });
       }},
      {"with_an_empty_record_before_it", Error::empty_record,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.send_record(ContentType::handshake, {});
         };
       }},
      {"with_application_data_before_it", Error::unexpected_record,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.send_record(ContentType::application_data, Buffer{1, 2, 3});
         };
       }},
      {"with_half_an_alert_before_it", Error::malformed_alert,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.send_record(ContentType::alert, Buffer{2});
         };
       }},
      {"with_a_bad_change_cipher_spec_before_it", Error::bad_change_cipher_spec,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.put(Buffer{20, 3, 3, 0, 1, 2});
         };
       }},
      {"with_a_record_of_no_type_before_it", Error::bad_content_type,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.put(Buffer{99, 3, 3, 0, 1, 2});
         };
       }},
      {"with_a_record_too_long_before_it", Error::record_overflow,
       [](Script& s, Step step) {
         s.before = [step](Step at, TestServer& server) {
           if (at == step) server.put(Buffer{23, 3, 3, 0x50, 0});
         };
       }},
  };
}

/// Where the rule has its exceptions.
Error expected(const Treatment& treatment, const NamedStep& step, Version version) {
  const std::string_view what = treatment.name;
  const bool last13 = version == Version::tls13 && step.step == Step::finished;
  const bool before_keys = step.step == Step::server_hello;
  if (what == "truncated" && step.step == Step::server_hello_done) return Error::none;
  if (what == "emptied" && step.step == Step::server_hello_done) return Error::none;
  // Optional: without it the handshake goes on.
  if (what == "left_out" && step.step == Step::certificate_request) return Error::none;
  // The server's ChangeCipherSpec comes where its ticket should.
  if (what == "left_out" && step.step == Step::new_session_ticket) return Error::bad_change_cipher_spec;
  // Nothing follows, or a record under keys that are not there yet.
  if (what == "left_out" && (step.step == Step::finished || step.step == Step::server_hello_done)) return Error::none;
  if (what == "left_out" && before_keys && version == Version::tls13) return Error::unexpected_record;
  // A second one stands where the keys change, or where the client has to speak first.
  if (what == "repeated" && (last13 || (before_keys && version == Version::tls13))) return Error::straddles_key_change;
  if (what == "repeated" && step.step == Step::server_hello_done) return Error::straddles_key_change;
  if (what == "repeated" && step.step == Step::new_session_ticket) return Error::interleaved_records;
  if (what == "repeated" && step.step == Step::finished) return Error::straddles_key_change;
  // The first byte of a connection says whether it is TLS at all.
  if (what == "with_a_record_of_no_type_before_it" && before_keys) return Error::not_tls;
  return treatment.error;
}

std::vector<Fault> cases() {
  std::vector<Fault> rows;
  const auto add = [&](Version version, const NamedStep& step) {
    for (const Treatment& treatment : treatments()) {
      const Error error = expected(treatment, step, version);
      if (error == Error::none) continue;
      const std::string name = std::string(step.name) + (version == Version::tls12 ? "12_" : "13_") + treatment.name;
      rows.push_back({name, error, alert_for(error), [version, step, treatment](Script& s) {
                        if (version == Version::tls12) {
                          tls12(s);
                          s.announces_ticket = true;
                        }
                        s.asks_for_certificate = true;
                        treatment.apply(s, step.step);
                      }});
    }
  };
  for (const NamedStep& step : kSteps13) add(Version::tls13, step);
  for (const NamedStep& step : kSteps12) add(Version::tls12, step);
  return rows;
}

class ClientOrder : public testing::TestWithParam<Fault> {};
TEST_P(ClientOrder, is_kept) { expect_refusal(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Messages, ClientOrder, testing::ValuesIn(cases()), kFaultName);

/// A record that has no place, put in behind a step.
auto behind(Step which, std::function<void(TestServer&)> act) {
  return [which, act](Script& s) {
    s.after = [which, act](Step step, TestServer& server) {
      if (step == which) act(server);
    };
  };
}

class ClientRecords : public testing::TestWithParam<Fault> {};
TEST_P(ClientRecords, have_their_place) { expect_refusal(GetParam()); }
INSTANTIATE_TEST_SUITE_P(
    Records, ClientRecords,
    testing::Values(
        Fault{"flipped_bit_in_a_protected_record", Error::bad_record_mac, alert_for(Error::bad_record_mac),
              behind(Step::encrypted_extensions,
                     [](TestServer& server) {
                       Buffer out = server.take_output();
                       out.back() ^= 1;
                       server.put(out);
                     })},
        Fault{"plaintext_handshake_under_protection", Error::unprotected_record, alert_for(Error::unprotected_record),
              behind(Step::encrypted_extensions,
                     [](TestServer& server) { server.put(Buffer{22, 3, 3, 0, 4, 8, 0, 0, 0}); })},
        Fault{
            "plaintext_alert_under_protection", Error::unprotected_record, alert_for(Error::unprotected_record),
            behind(Step::encrypted_extensions, [](TestServer& server) { server.put(Buffer{21, 3, 3, 0, 2, 2, 40}); })},
        Fault{"protected_record_of_zeros", Error::no_inner_content_type, alert_for(Error::no_inner_content_type),
              behind(Step::encrypted_extensions,
                     [](TestServer& server) { server.send_record(ContentType::invalid, Buffer(9, 0)); })},
        Fault{"change_cipher_spec_inside_a_message", Error::interleaved_records, alert_for(Error::interleaved_records),
              [](Script& s) {
                s.sent = on(Step::server_hello, [](Buffer& m) { m.resize(40); });
                s.after = [](Step step, TestServer& server) {
                  if (step == Step::server_hello) server.put(Buffer{20, 3, 3, 0, 1, 1});
                };
              }},
        Fault{"flood_of_change_cipher_specs", Error::too_many_empty_records, alert_for(Error::too_many_empty_records),
              [](Script& s) {
                s.before = [](Step step, TestServer& server) {
                  if (step != Step::server_hello) return;
                  for (std::size_t i = 0; i <= limits::kMaxEmptyRecords; ++i) server.put(Buffer{20, 3, 3, 0, 1, 1});
                };
              }},
        Fault{"major_version_of_a_record", Error::bad_record_version, alert_for(Error::bad_record_version),
              behind(Step::encrypted_extensions, [](TestServer& server) { server.put(Buffer{23, 2, 3, 0, 20, 0}); })},
        Fault{"bytes_behind_the_server_hello_in_its_record", Error::straddles_key_change,
              alert_for(Error::straddles_key_change),
              [](Script& s) { s.sent = on(Step::server_hello, [](Buffer& m) { append(m, Buffer{8, 0}); }); }},
        Fault{"bytes_behind_the_finished_in_its_record", Error::straddles_key_change,
              alert_for(Error::straddles_key_change),
              [](Script& s) { s.sent = on(Step::finished, [](Buffer& m) { m.push_back(4); }); }},
        Fault{"bytes_behind_the_server_hello_done", Error::straddles_key_change, alert_for(Error::straddles_key_change),
              [](Script& s) {
                tls12(s);
                s.sent = on(Step::server_hello_done, [](Buffer& m) { m.push_back(4); });
              }}),
    kFaultName);

TEST(ClientFirstBytes, that_are_not_tls_are_told_from_bad_records) {
  for (const std::string_view text : {"HTTP/1.1 400 Bad Request", "SSH-2.0-OpenSSH", "220 smtp ready"}) {
    ClientWorld world;
    const ClientConfig config = *prepared(default_client());
    ClientEnd client(world, config);
    client.start();
    client.receive(as_bytes(text));
    EXPECT_TRUE(client.failed);
    EXPECT_EQ(client.session().failure().error, Error::not_tls);
  }
}

TEST(ClientAlerts, fatal_one_ends_the_handshake_without_an_answer_and_a_warning_of_the_name_does_not) {
  ClientWorld world;
  const ClientConfig config = *prepared(default_client());
  ClientEnd client(world, config);
  client.start();
  client.take_output();
  client.receive(Buffer{21, 3, 3, 0, 2, 1, 112});
  EXPECT_FALSE(client.failed);
  client.receive(Buffer{21, 3, 3, 0, 2, 2, 40});
  EXPECT_TRUE(client.failed);
  EXPECT_EQ(client.session().failure().error, Error::alert_received);
  EXPECT_EQ(client.session().failure().alert, Alert::handshake_failure);
  EXPECT_TRUE(client.take_output().empty());
  EXPECT_EQ(world.frames.blocks_taken(), 0u);
}

TEST(ClientAlerts, close_notify_in_the_handshake_is_a_failure_of_its_own) {
  ClientWorld world;
  const ClientConfig config = *prepared(default_client());
  ClientEnd client(world, config);
  client.start();
  client.receive(Buffer{21, 3, 3, 0, 2, 1, 0});
  EXPECT_EQ(client.session().failure().error, Error::closed_in_handshake);
  EXPECT_TRUE(client.peer_closed);
}

}  // namespace
}  // namespace handsel::tls::test
