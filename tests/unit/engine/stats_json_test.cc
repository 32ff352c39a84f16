#include "engine/stats_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace handsel::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(Stats, Groups_ToJson_NamedAndWhole) {
  const NamedGroups groups{{"tcp", {{"syn_received", 3}, {"bytes_in", ~0ull}}}, {"drops", {}}};
  EXPECT_EQ(to_json(groups), (json{{"tcp", {{"syn_received", 3}, {"bytes_in", ~0ull}}}, {"drops", json::object()}}));
}

TEST(Stats, Values_Rendered_GroupedAndZerosLeftOut) {
  const json now = {{"tcp", {{"syn_received", 1'234'567}, {"resets_sent", 0}}}};
  const std::string text = render_stats(now);
  EXPECT_THAT(text, testing::MatchesRegex("tcp\n  syn_received +1,234,567\n"));
}

TEST(Stats, AllZero_Rendered_SaidOnce) {
  EXPECT_EQ(render_stats(json{{"io", {{"a", 0}, {"b", 0}}}}), "io\n  (all zero)\n");
}

TEST(Stats, TwoReadings_Rendered_RatePerSecondBeside) {
  const json before = {{"tcp", {{"syn_received", 100}}}};
  const json now = {{"tcp", {{"syn_received", 150}}}};
  EXPECT_THAT(render_stats(now, &before, 2), HasSubstr("25.0/s"));
}

TEST(Stats, GaugeThatFell_Rendered_NoRate) {
  const json before = {{"tcp", {{"flows", 100}}}};
  const json now = {{"tcp", {{"flows", 40}}}};
  EXPECT_THAT(render_stats(now, &before, 1), testing::Not(HasSubstr("/s")));
}

TEST(Stats, AnswerOfAnotherShape_Rendered_NothingAndNoCrash) {
  EXPECT_EQ(render_stats(json(5)), "");
  EXPECT_EQ(render_stats(json{{"a", 1}, {"b", {{"c", "d"}}}}), "");
}

}  // namespace
}  // namespace handsel::engine
