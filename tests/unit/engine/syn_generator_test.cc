// SYNs that are well-formed and all different, and answers that are taken for what they are.

#include "engine/syn_generator.h"

#include <gtest/gtest.h>

#include <set>
#include <tuple>
#include <vector>

namespace handsel::engine {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const wire::MacAddress kOurs({2, 0, 0, 0, 0, 2});
const wire::MacAddress kPeer({2, 0, 0, 0, 0, 1});
constexpr Instant kStart(seconds(5));

class SynGeneratorOf : public testing::TestWithParam<const char*> {
 protected:
  SynGeneratorOf() {
    const std::string family = GetParam();
    plan.address = *wire::IpAddress::parse(family == "v4" ? "10.78.0.1" : "fd78::1");
    plan.port = 443;
    plan.timeout = seconds(1);
    for (const char* source : {"2", "3", "9"})
      plan.sources.push_back(*wire::IpAddress::parse((family == "v4" ? "10.78.0." : "fd78::") + std::string(source)));
  }
  SynGenerator make() const { return SynGenerator(plan, vlan, offload, {1, 2}, 0, 1); }
  std::vector<std::uint8_t> next(SynGenerator& generator) const {
    std::vector<std::uint8_t> frame(generator.frame_bytes());
    generator.write(frame, kOurs, kPeer);
    return frame;
  }
  /// What a server says to it.
  std::vector<std::uint8_t> answer(const wire::FrameView& syn, std::uint8_t flags, std::uint32_t acknowledged,
                                   std::uint16_t from) const {
    const wire::TcpHeader header{.source_port = from,
                                 .destination_port = syn.tcp.source_port(),
                                 .ack = wire::SeqNum(acknowledged),
                                 .flags = flags};
    const wire::LinkHeader link{.destination = kOurs, .source = kPeer};
    std::vector<std::uint8_t> frame(wire::tcp_frame_header_bytes(link, syn.source, header));
    write_tcp_frame(frame, link, {.source = syn.destination, .destination = syn.source}, header, std::nullopt, {});
    return frame;
  }

  LoadPlan plan;
  std::optional<std::uint16_t> vlan;
  wire::ChecksumOffload offload;
};
INSTANTIATE_TEST_SUITE_P(Families, SynGeneratorOf, testing::Values("v4", "v6"),
                         [](const auto& row) { return std::string(row.param); });

TEST_P(SynGeneratorOf, frames_parse_with_good_checksums_and_differ) {
  vlan = 7;
  SynGenerator generator = make();
  std::set<std::tuple<std::string, std::uint16_t, std::uint32_t>> seen;
  for (int i = 0; i < 1'000; ++i) {
    const std::vector<std::uint8_t> frame = next(generator);
    const auto syn = wire::parse_frame(frame, {});
    ASSERT_TRUE(syn) << name_of(syn.error());
    EXPECT_EQ(syn->link.destination(), kPeer);
    EXPECT_EQ(syn->link.source(), kOurs);
    EXPECT_EQ(syn->destination, plan.address);
    const wire::TcpHeader header = syn->tcp.to_header();
    EXPECT_EQ(header.flags, wire::kSyn);
    EXPECT_EQ(header.destination_port, 443);
    EXPECT_TRUE(header.options.mss && header.options.window_scale && header.options.timestamps);
    seen.emplace(syn->source.to_string(), header.source_port, header.seq.raw());
  }
  EXPECT_EQ(seen.size(), 1'000u);
  EXPECT_EQ(generator.statistics().sent.get(), 1'000u);
}

TEST_P(SynGeneratorOf, checksums_are_left_to_a_port_that_makes_them) {
  SynGenerator plain = make();
  offload = {true, true};
  SynGenerator spared = make();
  const std::vector<std::uint8_t> whole = next(plain);
  const std::vector<std::uint8_t> frame = next(spared);
  const auto syn = wire::parse_frame(frame, {.verify_ip = false, .verify_transport = false});
  ASSERT_TRUE(syn);
  const wire::Sum pseudo =
      wire::pseudo_header_sum(syn->source, syn->destination, wire::kProtocolTcp, syn->transport.size());
  EXPECT_EQ(syn->tcp.checksum(), wire::fold(pseudo));
  EXPECT_NE(whole, frame);
}

TEST_P(SynGeneratorOf, an_answer_counts_by_what_it_acknowledges) {
  SynGenerator generator = make();
  const std::vector<std::uint8_t> frame = next(generator);
  const auto syn = wire::parse_frame(frame, {});
  ASSERT_TRUE(syn);
  const std::uint32_t seq = syn->tcp.seq().raw();
  const auto take = [&](std::uint8_t flags, std::uint32_t acknowledged, std::uint16_t from) {
    EXPECT_TRUE(generator.take(answer(*syn, flags, acknowledged, from), false, kStart));
  };
  take(wire::kSyn | wire::kAck, seq + 1, 443);
  take(wire::kRst | wire::kAck, seq + 1, 443);
  take(wire::kSyn | wire::kAck, seq, 443);
  take(wire::kSyn | wire::kAck, seq + 1, 444);
  take(wire::kAck, seq + 1, 443);
  take(wire::kSyn, seq + 1, 443);
  EXPECT_EQ(generator.statistics().answered.get(), 1u);
  EXPECT_EQ(generator.statistics().refused.get(), 1u);
  EXPECT_EQ(generator.statistics().strange.get(), 4u);
  std::vector<std::uint8_t> damaged = answer(*syn, wire::kSyn | wire::kAck, seq + 1, 443);
  damaged.back() ^= 1;
  EXPECT_FALSE(generator.take(damaged, false, kStart));
}

TEST_P(SynGeneratorOf, rate_total_and_silence_bound_a_run) {
  plan.rate = 1'000;
  plan.total = 25;
  SynGenerator generator = make();
  EXPECT_EQ(generator.due(kStart, 32), 0u);
  EXPECT_EQ(generator.due(kStart + milliseconds(10), 4), 4u);
  EXPECT_EQ(generator.due(kStart + milliseconds(10), 32), 10u);
  for (int i = 0; i < 10; ++i) next(generator);
  EXPECT_EQ(generator.due(kStart + milliseconds(10), 32), 0u);
  EXPECT_EQ(generator.due(kStart + seconds(10), 32), 15u);
  for (int i = 0; i < 15; ++i) next(generator);
  EXPECT_FALSE(generator.finished(kStart + seconds(10)));
  EXPECT_EQ(generator.due(kStart + seconds(10), 32), 0u);
  EXPECT_FALSE(generator.finished(kStart + seconds(10)));
  EXPECT_TRUE(generator.finished(kStart + seconds(11)));
}

}  // namespace
}  // namespace handsel::engine
