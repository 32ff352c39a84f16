#include "engine/load_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace handsel::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kStart(seconds(5));

TEST(Arrivals, stand_at_even_distances_and_do_not_drift) {
  const Arrivals arrivals(kStart, 3.0, 0, 1);
  EXPECT_EQ(arrivals.due(0), kStart);
  EXPECT_EQ(arrivals.due(3), kStart + seconds(1));
  EXPECT_EQ(arrivals.due(3 * 86'400), kStart + seconds(86'400));
}

TEST(Arrivals, of_several_workers_together_are_those_of_one) {
  const Arrivals one(kStart, 100.0, 0, 1);
  std::vector<Instant> dealt;
  for (std::uint16_t worker = 0; worker < 3; ++worker)
    for (std::uint64_t i = 0; i < 10; ++i) dealt.push_back(Arrivals(kStart, 100.0, worker, 3).due(i));
  std::ranges::sort(dealt);
  for (std::uint64_t i = 0; i < dealt.size(); ++i) EXPECT_EQ(dealt[i], one.due(i)) << i;
}

TEST(Arrivals, those_before_an_instant_are_counted_exactly) {
  for (const double rate : {0.7, 3.0, 1'000.0, 33'333.0}) {
    const Arrivals arrivals(kStart, rate, 1, 2);
    for (const Instant end : {kStart - seconds(1), kStart, kStart + milliseconds(333), kStart + seconds(3)}) {
      const std::uint64_t count = arrivals.before(end);
      EXPECT_TRUE(count == 0 || arrivals.due(count - 1) < end);
      EXPECT_GE(arrivals.due(count), end);
    }
  }
}

TEST(LoadPlan, shares_add_up) {
  for (const std::uint64_t count : {0u, 1u, 7u, 100u})
    for (const std::uint16_t workers : std::array<std::uint16_t, 3>{1, 3, 8}) {
      std::uint64_t sum = 0;
      for (std::uint16_t worker = 0; worker < workers; ++worker) sum += share_of(count, worker, workers);
      EXPECT_EQ(sum, count);
    }
}

TEST(LoadTls, connections_that_resume_stand_at_even_distances) {
  LoadTls tls;
  EXPECT_EQ(tls.of(0), nullptr);  // plain TCP
  tls.full = std::make_shared<const tls::ClientConfig>();
  EXPECT_EQ(tls.of(5), tls.full.get());
  tls.resuming = std::make_shared<const tls::ClientConfig>();
  for (const auto& [share, resumed] : {std::pair{0.25, 25}, {0.5, 50}, {1.0, 100}}) {
    tls.resume = share;
    int count = 0;
    for (std::uint64_t i = 0; i < 100; ++i) count += tls.of(i) == tls.resuming.get();
    EXPECT_EQ(count, resumed) << share;
  }
}

struct Url {
  const char* text;
  bool http;
  bool tls;
  const char* address;
  std::uint16_t port;
  const char* host;
  const char* target;
};
class LoadUrlTest : public ::testing::TestWithParam<Url> {};

TEST_P(LoadUrlTest, is_understood) {
  const auto url = LoadUrl::parse(GetParam().text);
  ASSERT_TRUE(url) << url.error();
  EXPECT_EQ(url->http, GetParam().http);
  EXPECT_EQ(url->tls, GetParam().tls);
  EXPECT_EQ(url->address.to_string(), GetParam().address);
  EXPECT_EQ(url->port, GetParam().port);
  EXPECT_EQ(url->host, GetParam().host);
  EXPECT_EQ(url->target, GetParam().target);
}

INSTANTIATE_TEST_SUITE_P(
    Sound, LoadUrlTest,
    ::testing::Values(Url{"http://10.0.0.1", true, false, "10.0.0.1", 80, "10.0.0.1", "/"},
                      Url{"http://10.0.0.1:81/a?b=c", true, false, "10.0.0.1", 81, "10.0.0.1:81", "/a?b=c"},
                      Url{"http://10.0.0.1?q", true, false, "10.0.0.1", 80, "10.0.0.1", "/?q"},
                      Url{"http://[fd77::1]/x", true, false, "fd77::1", 80, "[fd77::1]", "/x"},
                      Url{"http://[fd77::1]:8080", true, false, "fd77::1", 8080, "[fd77::1]:8080", "/"},
                      Url{"https://10.0.0.1/a", true, true, "10.0.0.1", 443, "10.0.0.1", "/a"},
                      Url{"https://[fd77::1]:8443", true, true, "fd77::1", 8443, "[fd77::1]:8443", "/"},
                      Url{"tls://10.0.0.1:7443", false, true, "10.0.0.1", 7443, "10.0.0.1:7443", "/"},
                      Url{"tcp://10.0.0.1:7", false, false, "10.0.0.1", 7, "10.0.0.1:7", "/"},
                      Url{"tcp://[fd77::1]:7/", false, false, "fd77::1", 7, "[fd77::1]:7", "/"}));

class LoadUrlRefusal : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(LoadUrlRefusal, says_what_is_wrong) {
  const auto url = LoadUrl::parse(GetParam().first);
  ASSERT_FALSE(url);
  EXPECT_NE(url.error().find(GetParam().second), std::string::npos) << url.error();
}

INSTANTIATE_TEST_SUITE_P(
    Unsound, LoadUrlRefusal,
    ::testing::Values(std::pair{"10.0.0.1:80", "begins with none"}, std::pair{"http://example.test/", "no IP address"},
                      std::pair{"tcp://10.0.0.1", "port is missing"}, std::pair{"tls://10.0.0.1", "port is missing"},
                      std::pair{"tls://10.0.0.1:7/path", "tls:// has no path"},
                      std::pair{"tcp://10.0.0.1:0", "no port"}, std::pair{"tcp://10.0.0.1:65536", "no port"},
                      std::pair{"tcp://10.0.0.1:7/path", "no path"}, std::pair{"tcp://fd77::1:7", "in brackets"},
                      std::pair{"http://[fd77::1", "']' is missing"}, std::pair{"http://[fd77::1]80", "behind ']'"},
                      std::pair{"http://10.0.0.1/a b", "%20"}, std::pair{"http://10.0.0.1/a\r\nX: y", "%20"}));

}  // namespace
}  // namespace handsel::engine
