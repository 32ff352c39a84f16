#include "engine/load_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace handsel::engine {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class LoadReport : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const auto& worker : workers) {
      worker->started_ns.set(1'000'000'000);
      worker->last_ns.set(3'000'000'000);
      worker->begun.set(10);
      worker->opened.set(9);
      worker->completed.set(8);
      worker->requests.set(20);
      worker->status[2].set(20);
      worker->bytes_received.set(1'000'000);
    }
    workers[1]->fail(service::LoadFailure::refused);
    workers[1]->fail(service::LoadFailure::no_answer);
    workers[0]->cut.set(2);
  }
  LoadResult result() const {
    const std::array<const service::LoadStatistics*, 2> both{workers[0].get(), workers[1].get()};
    return LoadResult::of(both);
  }

  std::array<std::unique_ptr<service::LoadStatistics>, 2> workers{std::make_unique<service::LoadStatistics>(),
                                                                  std::make_unique<service::LoadStatistics>()};
  LoadFacts facts{.version = "1.2.3", .target = "http://10.0.0.1/", .mode = "request", .connections = 4};
  NamedGroups engine{{"tcp", {{"retransmits", 3}, {"segments_out", 99}, {"segments_in", 98}}},
                     {"drops", {{"tcp_duplicate", 5}}}};
};

TEST_F(LoadReport, sums_up_the_workers) {
  EXPECT_EQ(result().begun, 20u);
  EXPECT_EQ(result().failed, 2u);
  EXPECT_EQ(result().cut, 2u);
  EXPECT_DOUBLE_EQ(result().elapsed_s, 2.0);
  EXPECT_DOUBLE_EQ(result().per_second(result().requests), 20.0);
}

TEST_F(LoadReport, steady_rate_leaves_the_end_of_the_run_out) {
  EXPECT_DOUBLE_EQ(result().steady_s, 2.0);  // connections ran out before the time did
  for (const auto& worker : workers) {
    worker->steady_ns.set(2'000'000'000);
    worker->opened_steady.set(7);
  }
  EXPECT_DOUBLE_EQ(result().steady_s, 1.0);
  EXPECT_DOUBLE_EQ(result().steady_per_second(), 14.0);
}

TEST_F(LoadReport, percentiles_of_several_workers_are_those_of_all_values_together) {
  for (int ms = 1; ms <= 50; ++ms) workers[0]->connect.record(std::chrono::milliseconds(ms));
  for (int ms = 51; ms <= 100; ++ms) workers[1]->connect.record(std::chrono::milliseconds(ms));
  const LatencySummary connect = result().connect;
  EXPECT_EQ(connect.count, 100u);
  EXPECT_EQ(connect.max, 100'000'000u);
  EXPECT_EQ(connect.mean, 50'500'000u);
  // At least the value that so many do not exceed, and a sixteenth more at most.
  EXPECT_GE(connect.p50, 50'000'000u);
  EXPECT_LE(connect.p50, 50'000'000u * 17 / 16);
  EXPECT_GE(connect.p90, 90'000'000u);
  EXPECT_LE(connect.p99, 100'000'000u);
}

TEST_F(LoadReport, single_value_is_every_percentile) {
  workers[0]->total.record(std::chrono::microseconds(777));
  EXPECT_EQ(result().total.p50, result().total.max);
  EXPECT_EQ(result().total.max, 777'000u);
}

TEST_F(LoadReport, good_is_a_run_without_failures_that_achieved_something) {
  EXPECT_FALSE(result().good());
  LoadResult other;
  EXPECT_FALSE(other.good());
  other.completed = 1;
  EXPECT_TRUE(other.good());
  other.status[5] = 1;
  EXPECT_FALSE(other.good());
}

TEST_F(LoadReport, table_names_failures_drops_and_only_what_there_was) {
  workers[0]->connect.record(std::chrono::microseconds(100));
  const std::string text = render_load(facts, result(), engine);
  EXPECT_THAT(text, HasSubstr("20 begun, 18 opened, 16 completed, 2 failed, 2 cut"));
  EXPECT_THAT(text, HasSubstr("refused"));
  EXPECT_THAT(text, HasSubstr("nothing went on for as long as --timeout says"));
  EXPECT_THAT(text, HasSubstr("2xx 40"));
  EXPECT_THAT(text, HasSubstr("tcp_duplicate"));
  EXPECT_THAT(text, HasSubstr("3 of 99 segments"));
  EXPECT_THAT(text, HasSubstr("100.0 us"));
  EXPECT_THAT(text, Not(HasSubstr("unresolved")));
  EXPECT_THAT(text, Not(HasSubstr("first byte")));
  EXPECT_THAT(text, Not(HasSubstr("unstarted")));
}

TEST_F(LoadReport, json_has_stable_names) {
  facts.rate = 50;
  const nlohmann::json json = load_json(facts, result(), engine);
  EXPECT_EQ(json["loop"], "open");
  EXPECT_EQ(json["connections"]["completed"], 16);
  EXPECT_EQ(json["failures"], (nlohmann::json{{"refused", 1}, {"no_answer", 1}}));
  EXPECT_EQ(json["requests"]["status"], (nlohmann::json{{"2xx", 40}}));
  EXPECT_EQ(json["bytes"]["received"], 2'000'000);
  EXPECT_EQ(json["latency_ns"]["connect"]["count"], 0);
  EXPECT_EQ(json["tcp"]["retransmits"], 3);
  EXPECT_EQ(json["drops"], (nlohmann::json{{"tcp_duplicate", 5}}));
}

TEST_F(LoadReport, tls_is_drawn_from_the_engines_counters_with_advice) {
  facts.tls = true;
  engine.push_back({"tls", {{"handshakes_completed", 7}, {"handshakes_resumed", 3}, {"handshakes_failed", 2}}});
  engine.push_back({"tls_versions", {{"TLSv1.3", 7}}});
  engine.push_back({"tls_failures", {{"unknown_authority", 2}}});
  engine.push_back({"tls_alerts_sent", {{"close_notify", 7}, {"unknown_ca", 2}}});
  workers[0]->handshake.record(std::chrono::microseconds(700));
  const std::string text = render_load(facts, result(), engine);
  EXPECT_THAT(text, HasSubstr("7 handshakes: 4 full, 3 resumed, 2 failed\n"));
  EXPECT_THAT(text, HasSubstr("TLSv1.3"));
  EXPECT_THAT(text, HasSubstr("unknown_authority: no trusted authority"));
  EXPECT_THAT(text, HasSubstr("--insecure"));
  EXPECT_THAT(text, HasSubstr("unknown_ca"));
  EXPECT_THAT(text, Not(HasSubstr("close_notify")));
  const nlohmann::json json = load_json(facts, result(), engine);
  EXPECT_EQ(json["latency_ns"]["handshake"]["count"], 1);
  EXPECT_EQ(json["tls"]["handshakes"]["full"], 4);
  EXPECT_EQ(json["tls"]["failures"], (nlohmann::json{{"unknown_authority", 2}}));
  EXPECT_EQ(json["tls"]["alerts_sent"]["unknown_ca"], 2);
}

TEST_F(LoadReport, plain_tcp_says_nothing_of_tls) {
  EXPECT_THAT(render_load(facts, result(), engine), Not(HasSubstr("tls")));
  EXPECT_FALSE(load_json(facts, result(), engine).contains("tls"));
}

TEST_F(LoadReport, progress_is_about_the_time_between_two_readings) {
  const LoadResult before = result();
  workers[0]->requests.add(30);
  workers[0]->bytes_received.add(1'000'000);
  const std::string line = render_progress(before, result(), 2.0, 2.0);
  EXPECT_THAT(line, HasSubstr("15.0 req/s"));
  EXPECT_THAT(line, HasSubstr("4.0 Mbit/s in"));
  EXPECT_THAT(line, HasSubstr("2 failed"));
}

}  // namespace
}  // namespace handsel::engine
