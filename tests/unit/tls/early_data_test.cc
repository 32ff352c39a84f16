// Early data that is taken, and where clients go wrong with it.

#include "early_pair.h"

namespace handsel::tls::test {
namespace {

class EarlyDataOfSuite : public testing::TestWithParam<CipherSuite> {};

TEST_P(EarlyDataOfSuite, comes_before_the_handshake_is_complete_and_is_answered_at_once) {
  Offer first;
  first.suites = {GetParam()};
  EarlyPair pair(first);
  EXPECT_EQ(pair.offer.tickets[0].max_early_data, kBudget);
  pair.prepare = [](TestClient& client) { client.hold_finished = true; };
  pair.start("question");
  pair.pass();
  EXPECT_EQ(as_text(pair.server->early_plaintext), "question");
  EXPECT_FALSE(pair.server->connected);
  EXPECT_EQ(pair.server->session().waiting(), Waiting::end_of_early_data);
  EXPECT_EQ(pair.server->session().info().early_data, EarlyData::accepted);
  pair.server->send("answer");
  pair.pass();
  EXPECT_EQ(as_text(pair.client->plaintext), "answer");

  pair.client->send(", and more");
  pair.client->send_finished();
  pair.client->send("late");
  pair.pass();
  EXPECT_TRUE(pair.server->connected) << name_of(pair.failure().error);
  EXPECT_EQ(as_text(pair.server->early_plaintext), "question, and more");
  EXPECT_EQ(as_text(pair.server->plaintext), "late");
  EXPECT_FALSE(pair.client->tickets.empty());
  EXPECT_EQ(pair.world.statistics.early_data_accepted.get(), 1u);
  EXPECT_EQ(pair.world.statistics.early_data_bytes.get(), 18u);
  EXPECT_EQ(pair.world.frames.blocks_taken(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Suites, EarlyDataOfSuite,
                         testing::Values(CipherSuite::aes_128_gcm_sha256, CipherSuite::aes_256_gcm_sha384,
                                         CipherSuite::chacha20_poly1305_sha256));

TEST(EarlyData, may_be_announced_and_then_not_sent) {
  EarlyPair pair;
  pair.start("");
  pair.pass();
  EXPECT_TRUE(pair.server->connected);
  EXPECT_TRUE(pair.client->early_data_accepted);
  EXPECT_TRUE(pair.server->early_plaintext.empty());
}

TEST(EarlyData, as_much_as_the_ticket_allows_is_taken_and_a_byte_more_is_not) {
  for (const std::size_t beyond : {0, 1}) {
    EarlyPair pair;
    pair.start(std::string(kBudget - 400, 'a'));
    pair.client->send(std::string(400 + beyond, 'b'));
    pair.pass();
    EXPECT_EQ(pair.server->connected, beyond == 0);
    EXPECT_EQ(pair.failure().error, beyond == 0 ? Error::none : Error::too_much_early_data);
    if (beyond != 0) {
      EXPECT_EQ(pair.client->alert, Alert::unexpected_message);
    }
  }
}

TEST(EarlyData, padding_does_not_count) {
  EarlyPair pair;
  pair.start("");
  pair.client->send_record(ContentType::application_data, Buffer(kBudget, 1), 2'000);
  pair.pass();
  EXPECT_TRUE(pair.server->connected);
}

TEST(EarlyData, empty_records_without_end_are_turned_away) {
  EarlyPair pair;
  pair.start("");
  for (std::size_t i = 0; i <= limits::kMaxEmptyRecords; ++i) pair.client->send("");
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::too_many_empty_records);
}

TEST(EarlyData, server_may_close_its_side_with_the_answer_and_hears_the_client_out) {
  EarlyPair pair;
  pair.prepare = [](TestClient& client) { client.hold_finished = true; };
  pair.start();
  pair.pass();
  pair.server->send("answer");
  pair.server->session().close(*pair.server);
  EXPECT_FALSE(pair.server->session().send(as_bytes("more"), *pair.server));
  pair.client->send_finished();
  pair.client->send("late");
  pair.client->send_alert(Alert::close_notify, 1);
  pair.pass();
  EXPECT_TRUE(pair.server->connected);
  EXPECT_EQ(as_text(pair.client->plaintext), "answer");
  EXPECT_EQ(as_text(pair.server->plaintext), "late");
  EXPECT_EQ(pair.server->session().phase(), Phase::closed);
  EXPECT_TRUE(pair.client->tickets.empty()) << "nothing follows a close_notify";
}

TEST(EarlyData, answer_before_there_was_any_is_not_possible) {
  EarlyPair pair;
  pair.offer.early_data = false;
  pair.prepare = [](TestClient& client) { client.hold_finished = true; };
  pair.start("");
  pair.pass();
  EXPECT_FALSE(pair.server->session().send(as_bytes("x"), *pair.server));
}

TEST(EarlyDataFault, binder_with_a_flipped_bit_draws_decrypt_error_and_no_data_is_delivered) {
  EarlyPair pair;
  pair.prepare = [](TestClient& client) { client.alter_binder = [](Buffer& binder) { binder[0] ^= 1; }; };
  pair.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::bad_binder);
  EXPECT_EQ(pair.client->alert, Alert::decrypt_error);
  EXPECT_TRUE(pair.server->early_plaintext.empty());
}

TEST(EarlyDataFault, damaged_record_is_fatal) {
  EarlyPair pair;
  pair.start();
  Buffer output = pair.client->take_output();
  output.back() ^= 1;
  pair.client->put(output);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::bad_record_mac);
}

TEST(EarlyDataFault, extension_with_a_body_draws_decode_error) {
  EarlyPair pair;
  pair.offer.early_data = false;
  pair.offer.last_extensions = {0, 42, 0, 1, 0};
  pair.start("");
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::malformed_extension);
}

struct EndFault {
  const char* name;
  Error error;
  void (*alter)(TestClient& client, Buffer& end_of_early_data);
};
void PrintTo(const EndFault& fault, std::ostream* out) { *out << fault.name; }

class EndOfEarlyDataFault : public testing::TestWithParam<EndFault> {};

TEST_P(EndOfEarlyDataFault, is_fatal) {
  EarlyPair pair;
  pair.prepare = [](TestClient& client) {
    client.alter_end_of_early_data = [&client](Buffer& message) { GetParam().alter(client, message); };
  };
  pair.start();
  pair.pass();
  EXPECT_FALSE(pair.server->connected);
  EXPECT_EQ(name_of(pair.failure().error), name_of(GetParam().error));
  EXPECT_EQ(pair.client->alert, alert_for(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, EndOfEarlyDataFault,
    testing::Values(EndFault{"missing", Error::bad_record_mac, [](TestClient&, Buffer& message) { message.clear(); }},
                    EndFault{"with a body", Error::malformed_message,
                             [](TestClient&, Buffer& message) { message = {5, 0, 0, 1, 0}; }},
                    EndFault{"twice in a record", Error::straddles_key_change,
                             [](TestClient&, Buffer& message) { append(message, Buffer(message)); }},
                    EndFault{"twice", Error::bad_record_mac,
                             [](TestClient& client, Buffer& message) {
                               client.send_record(ContentType::handshake, message);
                             }},
                    EndFault{"another message instead", Error::unexpected_handshake_message,
                             [](TestClient&, Buffer& message) { message = {24, 0, 0, 1, 0}; }},
                    EndFault{"data between its bytes", Error::interleaved_records,
                             [](TestClient& client, Buffer& message) {
                               client.send_record(ContentType::handshake, Bytes(message).first(2));
                               client.send("early");
                               message.erase(message.begin(), message.begin() + 2);
                             }}),
    [](const auto& each) {
      std::string name = each.param.name;
      std::ranges::replace(name, ' ', '_');
      return name;
    });

TEST(EarlyDataFault, end_of_early_data_where_there_was_none_is_unexpected) {
  EarlyPair pair;
  pair.offer.early_data = false;
  pair.prepare = [](TestClient& client) { client.hold_finished = true; };
  pair.start("");
  pair.pass();
  pair.client->send_end_of_early_data();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::unexpected_handshake_message);
}

TEST(EarlyDataFault, data_between_end_of_early_data_and_finished_is_unexpected) {
  EarlyPair pair;
  pair.prepare = [](TestClient& client) {
    client.alter_finished = [&client](Buffer&) { client.send("neither early nor late"); };
  };
  pair.start();
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::unexpected_record);
  EXPECT_EQ(as_text(pair.server->early_plaintext), "early");
}

TEST(EarlyDataFault, close_before_finished_fails_the_handshake) {
  EarlyPair pair;
  pair.prepare = [](TestClient& client) { client.hold_finished = true; };
  pair.start();
  pair.client->send_alert(Alert::close_notify, 1);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::closed_in_handshake);
}

}  // namespace
}  // namespace handsel::tls::test
