#include <map>
#include <string>

#include "load_rig.h"

namespace handsel::engine {
namespace {

using service::LoadFailure;
using Kind = service::LoadScript::Kind;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(LoadRig, closed_loop_keeps_so_many_open_until_the_total_is_reached) {
  plan.connections = 5;
  plan.total = 42;
  start();
  driver->drive(*shard, now);
  EXPECT_EQ(result().active, 5u);
  run();
  EXPECT_EQ(result().begun, 42u);
  EXPECT_EQ(result().completed, 42u);
  EXPECT_EQ(peer->statistics().tcp.connections_opened.get(), 42u);
  EXPECT_TRUE(result().good());
  expect_settled();
}

TEST_F(LoadRig, run_of_a_duration_ends_with_it) {
  plan.duration = milliseconds(100);
  plan.script.kind = Kind::http;
  plan.script.target = "/bytes/100";
  plan.script.requests = 0;
  plan.port = kTicking;
  start();
  const Instant began = now;
  run();
  EXPECT_LE(now - began, milliseconds(105));
  EXPECT_EQ(result().begun, 1u);
  EXPECT_EQ(result().requests, 100u);
  EXPECT_EQ(result().status[2], result().requests);
  EXPECT_EQ(result().bytes_received, 100 * result().requests);
  EXPECT_EQ(result().cut, 0u);
  expect_settled();
}

TEST_F(LoadRig, open_loop_begins_at_its_instants) {
  plan.connections = 10;
  plan.rate = 100;
  plan.duration = milliseconds(500);
  start();
  for (int ms = 0; ms < 95; ++ms, now += milliseconds(1)) turn();
  EXPECT_EQ(result().begun, 10u);
  run();
  EXPECT_EQ(result().begun, 50u);
  EXPECT_EQ(result().unstarted, 0u);
  expect_settled();
}

// The point of an open loop: those that could not even begin while the server stalled have waited, too.
TEST_F(LoadRig, stall_is_in_the_latencies_of_all_that_were_due_in_it) {
  plan.connections = 2;
  plan.rate = 100;
  plan.total = 100;
  start();
  turn();  // neighbours know each other now
  for (int ms = 0; ms < 1'000; ++ms, now += milliseconds(1)) driver->drive(*shard, now);  // no frame is carried
  EXPECT_LE(result().begun, 3u);
  run();
  EXPECT_EQ(result().completed, 100u);
  EXPECT_GE(result().connect.max, 900'000'000u);
  EXPECT_GE(result().connect.mean, 400'000'000u);
}

TEST_F(LoadRig, those_that_were_due_and_never_begun_are_told) {
  plan.connections = 2;
  plan.rate = 100;
  plan.duration = seconds(1);
  plan.port = kMute;
  plan.script.kind = Kind::http;
  start();
  run();
  EXPECT_EQ(result().begun, 2u);
  EXPECT_EQ(result().unstarted, 98u);
  EXPECT_EQ(failures(result(), LoadFailure::no_answer), 2u);
  expect_settled();
}

TEST_F(LoadRig, addresses_of_ours_are_taken_in_turn) {
  config.addresses.push_back(*wire::IpPrefix::parse("10.77.0.5/24"));
  plan.sources = {kOurs, *wire::IpAddress::parse("10.77.0.5")};
  plan.script.kind = Kind::idle;
  plan.duration = milliseconds(10);
  plan.connections = 6;
  start();
  turn();
  std::map<std::string, int> seen;
  shard->for_each_flow([&](const flow::Flow& flow) { ++seen[flow.key.local.to_string()]; });
  EXPECT_EQ(seen, (std::map<std::string, int>{{"10.77.0.2", 3}, {"10.77.0.5", 3}}));
  run();
  EXPECT_EQ(result().completed, 6u);
}

TEST_F(LoadRig, idle_connections_are_held_and_closed_in_order) {
  plan.script.kind = Kind::idle;
  plan.connections = 20;
  plan.duration = seconds(10);  // far beyond the timeout
  start();
  for (int ms = 0; ms < 9'999; ++ms, now += milliseconds(1)) turn();
  EXPECT_EQ(result().active, 20u);
  run();
  EXPECT_EQ(result().completed, 20u);
  EXPECT_TRUE(result().good());
  expect_settled();
}

TEST_F(LoadRig, stop_cuts_what_is_open_and_blames_nobody) {
  plan.script.kind = Kind::http;
  plan.port = kMute;
  plan.connections = 4;
  start();
  turn();
  driver->stop();
  turn();
  EXPECT_TRUE(driver->done());
  EXPECT_EQ(result().cut, 4u);
  EXPECT_EQ(result().failed, 0u);
  EXPECT_FALSE(result().good());  // but nothing was achieved either
  expect_settled();
}

TEST_F(LoadRig, what_is_open_at_the_end_may_finish_and_no_more) {
  plan.script.kind = Kind::http;
  plan.port = kMute;
  plan.duration = milliseconds(1'500);
  start();
  now += milliseconds(1);
  run();
  EXPECT_EQ(result().begun, 1u);  // overdue after 2 s: its time was over before the run's grace was
  EXPECT_EQ(failures(result(), LoadFailure::no_answer), 1u);
}

TEST_F(LoadRig, several_requests_share_a_connection) {
  plan.script.kind = Kind::http;
  plan.script.target = "/bytes/20000";
  plan.script.verify = true;
  plan.script.requests = 7;
  plan.total = 3;
  start();
  run();
  EXPECT_EQ(result().requests, 21u);
  EXPECT_EQ(result().bytes_received, 21u * 20'000);
  EXPECT_EQ(result().completed, 3u);
  EXPECT_EQ(result().request.count, 21u);
  expect_settled();
}

TEST_F(LoadRig, answers_of_status_400_and_more_are_counted_as_such) {
  plan.script.kind = Kind::http;
  plan.script.target = "/bytes/1";
  plan.script.upload_bytes = 100'000;  // a PUT, which that server does not take
  plan.total = 2;
  start();
  run();
  EXPECT_EQ(result().status[4], 2u);
  EXPECT_EQ(result().failed, 0u);
  EXPECT_FALSE(result().good());
}

TEST_F(LoadRig, echo_comes_back_and_is_compared) {
  plan.script.kind = Kind::echo;
  plan.port = kEcho;
  plan.script.upload_bytes = 300'000;
  plan.script.requests = 2;
  plan.total = 1;
  start();
  run();
  EXPECT_EQ(result().completed, 1u);
  EXPECT_EQ(result().bytes_sent, 600'000u);
  EXPECT_EQ(result().bytes_received, 600'000u);
  expect_settled();
}

TEST_F(LoadRig, bulk_half_closes_and_waits_for_the_servers_end) {
  plan.script.kind = Kind::bulk;
  plan.port = kSink;
  plan.script.upload_bytes = 1'000'000;
  plan.total = 1;
  start();
  run();
  EXPECT_EQ(result().completed, 1u);
  EXPECT_EQ(result().bytes_sent, 1'000'000u);
  EXPECT_EQ(peer->statistics().tcp.bytes_in.get(), 1'000'000u);
  expect_settled();
}

struct Fault {
  const char* name;
  std::uint16_t port;
  Kind kind;
  LoadFailure why;
};
class LoadFaults : public LoadRig, public ::testing::WithParamInterface<Fault> {};

TEST_P(LoadFaults, are_counted_by_name_and_end_the_run) {
  plan.port = GetParam().port;
  plan.script.kind = GetParam().kind;
  plan.script.upload_bytes = plan.script.kind == Kind::echo ? 100 : 0;
  plan.script.expect_bytes = 1;
  plan.script.verify = GetParam().why == LoadFailure::wrong_bytes;
  plan.connections = 2;
  plan.total = 4;
  start();
  run();
  EXPECT_EQ(failures(result(), GetParam().why), 4u);
  EXPECT_EQ(result().failed, 4u);
  EXPECT_FALSE(result().good());
  expect_settled();
}

INSTANTIATE_TEST_SUITE_P(Reasons, LoadFaults,
                         ::testing::Values(Fault{"NobodyListens", kNobody, Kind::http, LoadFailure::refused},
                                           Fault{"NeverAnswers", kMute, Kind::http, LoadFailure::no_answer},
                                           Fault{"NeverEchoes", kMute, Kind::echo, LoadFailure::no_answer},
                                           Fault{"ClosesAtOnce", kCloses, Kind::http, LoadFailure::closed_early},
                                           Fault{"ClosesOnAnEcho", kCloses, Kind::echo, LoadFailure::closed_early},
                                           Fault{"SendsTooLittle", kCloses, Kind::bulk, LoadFailure::closed_early},
                                           Fault{"ResetsHttp", kResets, Kind::http, LoadFailure::reset},
                                           Fault{"ResetsBulk", kResets, Kind::bulk, LoadFailure::reset},
                                           Fault{"StopsHalfway", kHalfway, Kind::http, LoadFailure::closed_early},
                                           Fault{"Nonsense", kNonsense, Kind::http, LoadFailure::bad_response},
                                           Fault{"OtherBytes", kOtherBytes, Kind::http, LoadFailure::wrong_bytes}),
                         [](const auto& each) { return each.param.name; });

TEST_F(LoadRig, idle_connection_that_the_server_closes_has_failed) {
  plan.script.kind = Kind::idle;
  plan.port = kCloses;
  plan.total = 2;
  plan.duration = seconds(1);
  start();
  run();
  EXPECT_EQ(failures(result(), LoadFailure::closed_early), 2u);
}

TEST_F(LoadRig, neighbour_that_does_not_exist_is_named) {
  plan.address = *wire::IpAddress::parse("10.77.0.9");
  plan.timeout = seconds(10);
  plan.total = 1;
  start();
  run();
  EXPECT_EQ(failures(result(), LoadFailure::unresolved), 1u);
}

TEST_F(LoadRig, syn_that_nobody_answers_times_out_after_the_plans_time) {
  plan.total = 2;
  start();
  turn();  // the first is over, and the neighbour known
  const Instant began = now;
  for (; !driver->done() && now - began < seconds(10); now += milliseconds(1)) {
    driver->drive(*shard, now);
    shard->run(now, true, sink);
    sink.frames.clear();
  }
  EXPECT_NEAR(static_cast<double>((now - began).count()) / 1e9, 2.0, 0.02);
  EXPECT_EQ(failures(result(), LoadFailure::timed_out), 1u);
  EXPECT_EQ(result().completed, 1u);
}

TEST_F(LoadRig, connection_that_the_shard_refuses_is_counted_and_the_run_goes_on) {
  plan.sources = {kOurs, *wire::IpAddress::parse("10.77.0.99")};
  plan.total = 6;
  start();
  run();
  EXPECT_EQ(failures(result(), LoadFailure::not_begun), 3u);
  EXPECT_EQ(result().completed, 3u);
  EXPECT_EQ(drops(Drop::open_bad_source), 3u);
}

TEST_F(LoadRig, two_workers_share_a_plan) {
  plan.total = 5;
  plan.connections = 3;
  start();
  LoadDriver first(plan, 0, 2, now);
  LoadDriver second(plan, 1, 2, now);
  for (int ms = 0; ms < 100 && !(first.done() && second.done()); ++ms, now += milliseconds(1)) {
    first.drive(*shard, now);
    second.drive(*shard, now);
    exchange();
  }
  EXPECT_EQ(first.statistics().completed.get(), 3u);
  EXPECT_EQ(second.statistics().completed.get(), 2u);
}

TEST_F(LoadRig, next_deadline_is_when_there_is_something_to_do) {
  plan.rate = 10;
  plan.total = 3;
  start();
  EXPECT_EQ(driver->next_deadline(), Instant{});
  turn();
  const Instant began = now;
  EXPECT_EQ(driver->next_deadline(), began + milliseconds(100));
  now = driver->next_deadline();
  turn();
  EXPECT_EQ(result().begun, 2u);
  EXPECT_EQ(driver->next_deadline(), began + milliseconds(200));
  now = driver->next_deadline();
  turn();
  turn();
  EXPECT_TRUE(driver->done());
  EXPECT_EQ(driver->next_deadline(), kNever);
}

}  // namespace
}  // namespace handsel::engine
