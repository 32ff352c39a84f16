#include "engine/crypto_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <vector>

namespace handsel::engine {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr Instant kStart{std::chrono::seconds(1)};

std::uint64_t cycles() {
  static std::uint64_t count = 0;
  return count += 800;
}

/// A stage of four lanes whose operations all succeed, but for those with owner 13.
struct Bench {
  Bench() {
    crypto::KernelTable kernels;
    kernels.fill({"fake", 4, run, nullptr});
    stage = std::make_unique<crypto::Stage>(kernels, crypto::StageConfig{.queue_bound = 8}, cycles);
  }
  static void run(void*, std::span<crypto::Operation* const> operations) {
    for (crypto::Operation* each : operations)
      each->status = each->owner == 13 ? crypto::Status::failed : crypto::Status::done;
  }
  void compute(std::size_t count, Duration wait, std::uint64_t owner = 0) {
    std::vector<crypto::Operation> operations(count);
    for (crypto::Operation& each : operations) {
      each.kind = crypto::Kind::p256_ecdh;
      each.owner = owner;
      stage->submit(each, kStart);
    }
    stage->flush(kStart + wait);
    while (stage->take_completed() != nullptr) {
    }
  }
  std::unique_ptr<crypto::Stage> stage;
};

json row_of(const json& kinds, const char* name) {
  for (const json& kind : kinds)
    if (kind["kind"] == name) return kind;
  return {};
}

TEST(CryptoReport, TwoStages_Summed_EveryFigure) {
  Bench one;
  Bench other;
  one.compute(4, std::chrono::microseconds(10));
  one.compute(1, std::chrono::microseconds(10), 13);
  other.compute(9, std::chrono::microseconds(40));  // one is refused: the queue holds eight
  const std::vector<const crypto::Stage*> stages{one.stage.get(), other.stage.get()};
  const json kinds = crypto_kinds(stages);
  ASSERT_EQ(kinds.size(), crypto::kKinds);
  const json row = row_of(kinds, "p256_ecdh");
  EXPECT_EQ(row["kernel"], "fake");
  EXPECT_EQ(row["lanes"], 4);
  EXPECT_EQ(row["operations"], 13);
  EXPECT_EQ(row["batches"], 4);
  EXPECT_EQ(row["failures"], 1);
  EXPECT_EQ(row["refused"], 1);
  EXPECT_EQ(row["cycles"], 4 * 800);
  EXPECT_EQ(row["fill"], json({1, 0, 0, 3}));
  EXPECT_NEAR(row["wait_p50_ns"].get<double>(), 40'000, 2'500);
  EXPECT_EQ(row_of(kinds, "x25519_keygen")["operations"], 0);
}

json answer(const json& kinds) {
  return {{"kernels", "ifma"},
          {"available", {"ifma", "libcrypto"}},
          {"records", "IPsec-MB"},
          {"runs", "here"},
          {"kinds", kinds}};
}

std::size_t columns(const std::string& line) {
  return static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return (c & 0xc0) != 0x80; }));
}

TEST(CryptoReport, Rendered_WhatWasAskedFor_InEightyColumns) {
  const json busy = {{"kind", "ecdsa_p256_verify"},
                     {"kernel", "libcrypto"},
                     {"lanes", 8u},
                     {"operations", 4'000'000'000u},
                     {"batches", 600'000'000u},
                     {"failures", 12u},
                     {"refused", 1u},
                     {"cycles", 4'000'000'000'000'000u},
                     {"wait_p50_ns", 49'900u},
                     {"wait_p99_ns", 9'999'900u},
                     {"fill", {1u, 0u, 0u, 0u, 0u, 0u, 0u, 100u}}};
  const json idle = {{"kind", "p384_ecdh"}, {"operations", 0u}, {"refused", 0u}};
  json whole = answer({busy, idle});
  whole["banks"] = {{{"kind", "x25519_keygen"},
                     {"level", 16'384u},
                     {"capacity", 16'384u},
                     {"taken", 4'000'000'000u},
                     {"empty", 12u},
                     {"filled", 4'000'000u},
                     {"cycles", 20'000'000'000u}}};
  const std::string text = render_crypto(whole);
  EXPECT_THAT(text, HasSubstr("ifma (this processor runs ifma, libcrypto)"));
  EXPECT_THAT(text, HasSubstr(" 6.7 ▁······█  1,000,000   49.9 9999.9\n"));
  EXPECT_THAT(text, HasSubstr("x25519_keygen         16,384     16,384 4,000,000,000 "));
  EXPECT_THAT(text, HasSubstr("12 failed, 1 refused"));
  EXPECT_THAT(text, Not(HasSubstr("p384_ecdh")));
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(columns(line), 80u) << line;
}

TEST(CryptoReport, NothingDone_Rendered_SaysSo) {
  EXPECT_THAT(render_crypto(answer(json::array())), HasSubstr("no public-key operation yet"));
}

TEST(CryptoReport, AnswerOfAnotherShape_Rendered_NoCrash) {
  EXPECT_EQ(render_crypto(json(5)), "");
  render_crypto(json{{"kernels", 1}, {"available", "x"}, {"kinds", {1, {{"operations", 3u}, {"fill", "y"}}}}});
}

}  // namespace
}  // namespace handsel::engine
