#include "flow/trace.h"

#include <gtest/gtest.h>

namespace handsel::flow {
namespace {

const FlowKey kKey{wire::IpAddress::from_v4(10, 77, 0, 2), wire::IpAddress::from_v4(10, 77, 0, 1), 443, 50'000};

constexpr Handle kOwner{3, 1};

TraceEvent segment(bool sent, std::uint32_t payload) {
  TraceEvent event;
  event.sent = sent;
  event.payload_bytes = payload;
  return event;
}

TEST(Tracer, records_nothing_until_asked) {
  Tracer tracer(0, 4);
  EXPECT_EQ(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
}

TEST(Tracer, records_as_many_flows_as_asked_from_the_network_asked) {
  Tracer tracer(0, 4);
  tracer.apply({.count = 2, .source = *wire::IpPrefix::parse("10.77.0.0/24")});
  FlowKey stranger = kKey;
  stranger.remote = wire::IpAddress::from_v4(192, 0, 2, 1);
  EXPECT_EQ(tracer.start(stranger, kOwner, Instant{}), Tracer::kNoRecord);
  EXPECT_NE(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
  EXPECT_NE(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
  EXPECT_EQ(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
}

TEST(Tracer, received_message_belongs_to_the_segment_before_it_and_sent_one_to_the_segment_after_it) {
  Tracer tracer(0, 1);
  tracer.apply({.count = 1});
  const std::uint8_t index = tracer.start(kKey, kOwner, Instant{});
  tracer.add(index, segment(false, 517));
  tracer.add_message(index, false, {22, 1});
  tracer.add_message(index, true, {22, 2});
  tracer.add(index, segment(true, 0));  // a pure ACK carries no message
  tracer.add(index, segment(true, 1200));
  tracer.finish(index);
  TraceRecord* record = tracer.take_finished();
  ASSERT_NE(record, nullptr);
  ASSERT_EQ(record->event_count, 3);
  EXPECT_EQ(record->events[0].message_count, 1);
  EXPECT_EQ(record->events[0].messages[0].message_type, 1);
  EXPECT_EQ(record->events[1].message_count, 0);
  EXPECT_EQ(record->events[2].messages[0].message_type, 2);
  EXPECT_EQ(tracer.take_finished(), nullptr);
}

TEST(Tracer, records_of_application_data_in_a_row_are_told_of_once) {
  Tracer tracer(0, 1);
  tracer.apply({.count = 1});
  const std::uint8_t index = tracer.start(kKey, kOwner, Instant{});
  for (int i = 0; i < 20; ++i) tracer.add_message(index, true, {23, 0});
  tracer.add_message(index, true, {21, 0});
  tracer.add(index, segment(true, 1200));
  const TraceEvent& event = tracer.record(index).events[0];
  ASSERT_EQ(event.message_count, 2);
  EXPECT_EQ(event.messages[0].content_type, 23);
  EXPECT_EQ(event.messages[1].content_type, 21);
}

TEST(Tracer, no_record_is_given_twice_before_it_is_released) {
  Tracer tracer(0, 1);
  tracer.apply({.count = 5});
  const std::uint8_t index = tracer.start(kKey, kOwner, Instant{});
  EXPECT_EQ(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
  tracer.finish(index);
  EXPECT_EQ(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
  tracer.release(tracer.take_finished());
  EXPECT_NE(tracer.start(kKey, kOwner, Instant{}), Tracer::kNoRecord);
}

TEST(Tracer, flush_finishes_what_is_in_use_and_nothing_else) {
  Tracer tracer(0, 4);
  tracer.apply({.count = 4});
  constexpr std::array kOwners = {Handle{10, 0}, Handle{11, 5}, Handle{12, 0}};
  std::array<std::uint8_t, 3> records;
  for (std::size_t i = 0; i < records.size(); ++i) records[i] = tracer.start(kKey, kOwners[i], Instant{});
  tracer.finish(records[0]);
  std::vector<std::uint32_t> told;
  tracer.finish_all([&](Handle owner) { told.push_back(owner.index); });
  EXPECT_EQ(told, (std::vector<std::uint32_t>{11, 12}));
  int finished = 0;
  while (tracer.take_finished()) ++finished;
  EXPECT_EQ(finished, 3);
  tracer.finish_all([&](Handle) { ADD_FAILURE() << "none is in use"; });
}

TEST(Tracer, events_past_the_bound_are_counted) {
  Tracer tracer(0, 1);
  tracer.apply({.count = 1});
  const std::uint8_t index = tracer.start(kKey, kOwner, Instant{});
  for (std::size_t i = 0; i < limits::kTraceEventsPerFlow + 3; ++i) tracer.add(index, segment(true, 1));
  EXPECT_EQ(tracer.record(index).event_count, limits::kTraceEventsPerFlow);
  EXPECT_EQ(tracer.record(index).events_lost, 3);
}

}  // namespace
}  // namespace handsel::flow
