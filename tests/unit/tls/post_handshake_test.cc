// What may and may not come once a session is connected.

#include <gtest/gtest.h>

#include "connected.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

TEST(KeyUpdate13, not_requested_moves_the_reading_side_alone) {
  Connected pair;
  pair.client.update_key(false);
  pair.client.send("after");
  pair.pass();
  EXPECT_EQ(as_text(pair.server.plaintext), "after");
  EXPECT_EQ(pair.client.key_updates, 0u);
  pair.server.send("still the first key");
  pair.pass();
  EXPECT_EQ(as_text(pair.client.plaintext), "still the first key");
}

TEST(KeyUpdate13, requested_is_answered_by_one_of_ours) {
  Connected pair;
  pair.client.update_key(true);
  pair.pass();
  EXPECT_EQ(pair.client.key_updates, 1u);
  pair.server.send("second key");
  pair.client.send("second key too");
  pair.pass();
  EXPECT_EQ(as_text(pair.client.plaintext), "second key");
  EXPECT_EQ(as_text(pair.server.plaintext), "second key too");
}

TEST(KeyUpdate13, in_records_of_one_byte_is_put_together) {
  Connected pair;
  for (const std::uint8_t byte : Buffer{24, 0, 0, 1, 0}) pair.client.send_record(ContentType::handshake, {&byte, 1});
  pair.client.writer().update13(*pair.world.aead);
  pair.client.send("after");
  pair.pass();
  EXPECT_EQ(as_text(pair.server.plaintext), "after");
}

TEST(KeyUpdate13, as_many_as_the_bound_with_no_data_between_are_taken_one_more_is_not) {
  Connected pair;
  for (std::size_t i = 0; i < limits::kMaxKeyUpdates; ++i) pair.client.update_key(false);
  pair.pass();
  EXPECT_FALSE(pair.server.failed);
  pair.client.send("data makes them legitimate again");
  pair.client.update_key(false);
  pair.pass();
  EXPECT_FALSE(pair.server.failed);
  for (std::size_t i = 0; i < limits::kMaxKeyUpdates; ++i) pair.client.update_key(false);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::too_many_key_updates);
  EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
}

TEST(KeyUpdate13, with_bytes_behind_it_in_the_record_straddles) {
  Connected pair;
  pair.client.send_record(ContentType::handshake, Buffer{24, 0, 0, 1, 0, 24});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::straddles_key_change);
}

TEST(KeyUpdate13, of_an_unknown_value_is_illegal) {
  Connected pair;
  pair.client.send_record(ContentType::handshake, Buffer{24, 0, 0, 1, 2});
  pair.pass();
  EXPECT_EQ(pair.client.alert, Alert::illegal_parameter);
}

TEST(KeyUpdate13, of_the_wrong_length_does_not_decode) {
  Connected pair;
  pair.client.send_record(ContentType::handshake, Buffer{24, 0, 0, 2, 0, 0});
  pair.pass();
  EXPECT_EQ(pair.client.alert, Alert::decode_error);
}

TEST(KeyUpdate13, interrupted_by_data_is_refused) {
  Connected pair;
  pair.client.send_record(ContentType::handshake, Buffer{24, 0, 0});
  pair.client.send("interruption");
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::interleaved_records);
}

TEST(KeyUpdate13, is_sent_by_us_when_the_key_is_used_up) {
  ServerConfig draft = World::default_config();
  draft.records_per_key = 4;
  Connected pair({}, draft);
  for (int i = 0; i < 11; ++i) pair.server.send("x");
  pair.pass();
  EXPECT_EQ(pair.client.plaintext.size(), 11u);
  EXPECT_GE(pair.client.key_updates, 2u);
  EXPECT_EQ(pair.world.statistics.key_updates_out.get(), pair.client.key_updates);
}

TEST(PostHandshake13, second_client_hello_is_unexpected) {
  Connected pair;
  pair.client.send_record(ContentType::handshake, pair.client.client_hello());
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::unexpected_handshake_message);
  EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
  EXPECT_EQ(pair.server.session().phase(), Phase::failed);
  EXPECT_EQ(pair.world.statistics.connections_failed[static_cast<std::size_t>(pair.failure().error)].get(), 1u);
}

TEST(PostHandshake13, change_cipher_spec_is_unexpected) {
  Connected pair;
  pair.client.put(Buffer{20, 3, 3, 0, 1, 1});
  pair.pass();
  EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
}

TEST(PostHandshake13, plaintext_records_are_unexpected) {
  for (const std::uint8_t type : {std::uint8_t{21}, std::uint8_t{22}}) {
    Connected pair;
    pair.client.put(Buffer{type, 3, 3, 0, 2, 1, 0});
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::unprotected_record);
  }
}

TEST(PostHandshake13, empty_handshake_and_alert_records_are_unexpected) {
  for (const ContentType type : {ContentType::handshake, ContentType::alert}) {
    Connected pair;
    pair.client.send_record(type, {});
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::empty_record);
    EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
  }
}

TEST(PostHandshake13, inner_type_that_cannot_be_is_unexpected) {
  for (const std::uint8_t type : {std::uint8_t{20}, std::uint8_t{24}, std::uint8_t{99}}) {
    Connected pair;
    pair.client.send_record(static_cast<ContentType>(type), Buffer{1});
    pair.pass();
    EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
  }
}

TEST(Padding13, of_any_length_is_stripped) {
  Connected pair;
  for (const std::size_t padding : {1u, 15u, 255u, 16'000u})
    pair.client.send_record(ContentType::application_data, as_bytes("x"), padding);
  pair.pass();
  EXPECT_EQ(as_text(pair.server.plaintext), "xxxx");
}

TEST(Padding13, of_zeros_and_nothing_else_is_unexpected) {
  Connected pair;
  pair.client.send_record(ContentType::invalid, Buffer(100, 0));
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::no_inner_content_type);
  EXPECT_EQ(pair.client.alert, Alert::unexpected_message);
}

TEST(RecordBounds13, content_of_16384_bytes_passes_one_more_overflows) {
  Connected pair;
  pair.client.send_record(ContentType::application_data, Buffer(16'384, 'x'));
  pair.pass();
  EXPECT_EQ(pair.server.plaintext.size(), 16'384u);
  pair.client.send_record(ContentType::application_data, Buffer(16'385, 'x'));
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::record_overflow);
  EXPECT_EQ(pair.client.alert, Alert::record_overflow);
}

TEST(RecordBounds13, ciphertext_longer_than_the_bound_is_refused_by_its_header) {
  Connected pair;
  pair.client.put(Buffer{23, 3, 3, 0x41, 1});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::record_overflow);
}

TEST(RecordBounds13, empty_data_records_are_taken_up_to_the_bound_and_data_resets_the_count) {
  Connected pair;
  for (std::size_t i = 0; i < limits::kMaxEmptyRecords; ++i) pair.client.send_record(ContentType::application_data, {});
  pair.client.send("x");
  for (std::size_t i = 0; i < limits::kMaxEmptyRecords; ++i) pair.client.send_record(ContentType::application_data, {});
  pair.pass();
  EXPECT_FALSE(pair.server.failed);
  pair.client.send_record(ContentType::application_data, {});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::too_many_empty_records);
}

TEST(Integrity13, bit_flipped_anywhere_in_a_record_draws_bad_record_mac) {
  Connected reference;
  reference.client.send("sixteen bytes ..");
  const std::size_t whole = reference.client.take_output().size();
  for (std::size_t at = kRecordHeaderBytes; at < whole; ++at) {
    Connected pair;
    pair.client.send("sixteen bytes ..");
    Buffer record = pair.client.take_output();
    record[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    pair.client.put(record);
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::bad_record_mac) << "byte " << at;
    EXPECT_EQ(pair.client.alert, Alert::bad_record_mac);
    EXPECT_TRUE(pair.server.plaintext.empty());
  }
}

TEST(Integrity13, record_replayed_swapped_or_left_out_draws_bad_record_mac) {
  for (const int mischief : {0, 1, 2}) {
    Connected pair;
    pair.client.send("one");
    const Buffer one = pair.client.take_output();
    pair.client.send("two");
    const Buffer two = pair.client.take_output();
    if (mischief == 0) pair.client.put(one), pair.client.put(one);
    if (mischief == 1) pair.client.put(two), pair.client.put(one);
    if (mischief == 2) pair.client.put(two);
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::bad_record_mac);
  }
}

TEST(Close, notify_from_the_client_closes_its_direction_only) {
  Connected pair;
  pair.client.send("last");
  pair.client.send_alert(Alert::close_notify, 1);
  pair.pass();
  EXPECT_TRUE(pair.server.peer_closed);
  EXPECT_EQ(as_text(pair.server.plaintext), "last");
  EXPECT_EQ(pair.server.session().phase(), Phase::connected);
  pair.server.send("answer");
  pair.server.session().close(pair.server);
  pair.pass();
  EXPECT_EQ(as_text(pair.client.plaintext), "answer");
  EXPECT_EQ(pair.client.alert, Alert::close_notify);
  EXPECT_EQ(pair.server.session().phase(), Phase::closed);
}

TEST(Close, data_after_the_clients_notify_is_ignored) {
  Connected pair;
  pair.client.send_alert(Alert::close_notify, 1);
  pair.client.send("too late");
  pair.pass();
  EXPECT_TRUE(pair.server.plaintext.empty());
  EXPECT_FALSE(pair.server.failed);
}

TEST(Close, ours_goes_out_once_and_the_client_may_still_send) {
  Connected pair;
  pair.server.session().close(pair.server);
  pair.server.session().close(pair.server);
  EXPECT_FALSE(pair.server.session().send(as_bytes("no"), pair.server));
  pair.client.send("still here");
  pair.client.send_alert(Alert::close_notify, 1);
  pair.pass();
  EXPECT_EQ(as_text(pair.server.plaintext), "still here");
  EXPECT_EQ(pair.world.statistics.alerts_sent[0].get(), 1u);
  EXPECT_EQ(pair.server.session().phase(), Phase::closed);
}

TEST(Alerts, fatal_one_from_the_client_ends_the_session_silently) {
  Connected pair;
  pair.client.send_alert(Alert::internal_error, 1 /* its level does not matter */);
  pair.pass();
  EXPECT_TRUE(pair.server.failed);
  EXPECT_EQ(pair.failure().error, Error::alert_received);
  EXPECT_EQ(pair.failure().alert, Alert::internal_error);
  EXPECT_FALSE(pair.client.alert);
  EXPECT_EQ(pair.world.statistics.alerts_received[80].get(), 1u);
}

TEST(Alerts, of_three_bytes_or_one_do_not_decode) {
  for (const std::size_t bytes : {1u, 3u}) {
    Connected pair;
    pair.client.send_record(ContentType::alert, Buffer(bytes, 1));
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::malformed_alert);
    EXPECT_EQ(pair.client.alert, Alert::decode_error);
  }
}

TEST(Alerts, user_canceled_is_waited_out_but_not_for_ever) {
  Connected pair;
  pair.client.send_alert(Alert::user_canceled, 1);
  pair.pass();
  EXPECT_FALSE(pair.server.failed);
  for (std::size_t i = 0; i < limits::kMaxEmptyRecords; ++i) pair.client.send_alert(Alert::user_canceled, 1);
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::too_many_empty_records);
}

TEST(Alerts, in_the_clear_from_a_client_that_could_not_read_our_flight_are_understood) {
  Pair pair;
  pair.client.hold_finished = true;
  pair.client.start();
  pair.pass();
  pair.client.put(Buffer{21, 3, 3, 0, 2, 2, 50});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::alert_received);
  EXPECT_EQ(pair.failure().alert, Alert::decode_error);
}

TEST(Alerts, close_notify_in_the_handshake_ends_it) {
  Pair pair;
  pair.client.hold_finished = true;
  pair.client.start();
  pair.pass();
  pair.client.send_alert(Alert::close_notify, 1);
  pair.pass();
  EXPECT_TRUE(pair.server.failed);
  EXPECT_TRUE(pair.server.peer_closed);
  EXPECT_EQ(pair.failure().error, Error::closed_in_handshake);
  EXPECT_EQ(pair.world.frames.blocks_taken(), 0u);
}

TEST(HandshakeRecords13, data_before_finished_is_unexpected) {
  Pair pair;
  pair.client.hold_finished = true;
  pair.client.start();
  pair.pass();
  pair.client.send("too early");
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::unexpected_record);
}

TEST(HandshakeRecords13, change_cipher_specs_are_dropped_up_to_the_bound) {
  for (const std::size_t count : {limits::kMaxEmptyRecords, limits::kMaxEmptyRecords + 1}) {
    Pair pair;
    pair.client.hold_finished = true;
    pair.client.start();
    pair.pass();
    for (std::size_t i = 0; i < count; ++i) pair.client.put(Buffer{20, 3, 3, 0, 1, 1});
    pair.pass();
    EXPECT_EQ(pair.server.failed, count > limits::kMaxEmptyRecords);
  }
}

TEST(HandshakeRecords13, change_cipher_spec_malformed_or_inside_a_message_is_unexpected) {
  for (const Buffer& wrong : {Buffer{20, 3, 3, 0, 1, 2}, Buffer{20, 3, 3, 0, 2, 1, 1}}) {
    Pair pair;
    pair.client.start();
    pair.client.put(wrong);
    pair.pass();
    EXPECT_EQ(pair.failure().error, Error::bad_change_cipher_spec);
  }
  Pair pair;
  pair.client.hold_finished = true;
  pair.client.start();
  pair.pass();
  pair.client.send_record(ContentType::handshake, Buffer{20, 0});
  pair.client.put(Buffer{20, 3, 3, 0, 1, 1});
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::interleaved_records);
}

TEST(Send, is_cut_into_records_of_16384_bytes_and_takes_the_room_it_says) {
  for (const std::size_t bytes : {0u, 1u, 16'384u, 16'385u, 50'000u}) {
    Connected pair;
    const Buffer data(bytes, 'x');
    ASSERT_TRUE(pair.server.session().send(data, pair.server));
    const Buffer records = pair.server.take_output();
    EXPECT_LE(records.size(), pair.server.session().sealed_bytes(bytes));
    pair.client.receive(records);
    EXPECT_EQ(pair.client.plaintext, data);
    EXPECT_LE(pair.client.largest_record, 16'384u + 22u);
  }
}

TEST(Send, sink_without_room_fails_the_session) {
  Connected pair;
  pair.server.sink_room = 10;
  EXPECT_FALSE(pair.server.session().send(as_bytes("x"), pair.server));
  EXPECT_EQ(pair.failure().error, Error::send_queue_full);
  EXPECT_EQ(pair.server.session().phase(), Phase::failed);
}

TEST(Send, before_the_handshake_is_complete_is_refused) {
  Pair pair;
  EXPECT_FALSE(pair.server.session().send(as_bytes("x"), pair.server));
  EXPECT_EQ(pair.server.session().phase(), Phase::handshaking);
}

}  // namespace
}  // namespace handsel::tls::test
