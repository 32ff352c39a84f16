/// What a shard believes of the link addresses that frames tell it.

#include <random>
#include <utility>

#include "shard_rig.h"

namespace handsel::flow {
namespace {

using State = Neighbours::State;
using wire::ArpOperation;

class AddressLearning : public ShardRig {
 protected:
  static inline const wire::IpAddress kOurs6 = *wire::IpAddress::parse("fd77::2");
  static inline const wire::IpAddress kPeer6 = *wire::IpAddress::parse("fd77::1");
  static inline const wire::MacAddress kOther{{2, 6, 6, 6, 6, 6}};

  template <class Message>
  void give_nd(const wire::MacAddress& from, const wire::IpAddress& source, const wire::IpAddress& destination,
               const Message& message) {
    std::vector<std::uint8_t> frame(128);
    Writer writer(frame);
    const wire::MacAddress to = destination.is_multicast() ? wire::MacAddress::for_multicast(destination) : kOurMac;
    wire::emit_icmpv6_frame({.destination = to, .source = from},
                            {.source = source, .destination = destination, .ttl = wire::kNdHopLimit}, message, writer);
    frame.resize(writer.size());
    give(frame);
  }
  std::optional<State> known(const wire::IpAddress& address) { return shard->neighbours().state_of(address); }
  wire::MacAddress mac_of(const wire::IpAddress& address) { return *shard->neighbours().resolve(address, now).mac; }
  const PacketStatistics& packets() const { return shard->statistics().packets; }
};

TEST_F(AddressLearning, arp_that_nobody_asked_for_makes_no_entry) {
  start();
  give_arp(ArpOperation::reply, kPeerMac, kPeer, kOurs);
  give_arp(ArpOperation::request, kPeerMac, kPeer, kPeer);                                     // gratuitous
  give_arp(ArpOperation::request, kPeerMac, kPeer, wire::IpAddress::from_v4(10, 77, 0, 50));   // for another
  give_arp(ArpOperation::request, kPeerMac, wire::IpAddress::from_v4(192, 0, 2, 1), kOurs);    // off the link
  give_arp(ArpOperation::request, kPeerMac, wire::IpAddress::from_v4(10, 77, 0, 255), kOurs);  // nobody's
  give_arp(ArpOperation::request, kPeerMac, wire::IpAddress::from_v4(0, 0, 0, 0), kOurs);      // a probe
  EXPECT_EQ(shard->neighbours().size(), 0u);
}

TEST_F(AddressLearning, neighbour_that_asks_for_us_is_learnt_and_answered) {
  start();
  give_arp(ArpOperation::request, kPeerMac, kPeer, kOurs);
  EXPECT_EQ(known(kPeer), State::stale);
  EXPECT_EQ(packets().neighbours.get(), 1u);
  EXPECT_EQ(packets().arp_requests.get(), 1u);
}

TEST_F(AddressLearning, reply_to_another_host_is_not_an_answer_to_us) {
  start();
  shard->neighbours().resolve(kPeer, now);
  settle();
  give_arp(ArpOperation::reply, kPeerMac, kPeer, wire::IpAddress::from_v4(10, 77, 0, 50));
  EXPECT_EQ(known(kPeer), State::stale);  // learnt, as RFC 826 has it, and to be verified
}

TEST_F(AddressLearning, reply_to_our_question_is_believed) {
  start();
  shard->neighbours().resolve(kPeer, now);
  settle();
  give_arp(ArpOperation::reply, kPeerMac, kPeer, kOurs);
  EXPECT_EQ(known(kPeer), State::reachable);
  EXPECT_EQ(mac_of(kPeer), kPeerMac);
}

TEST_F(AddressLearning, who_claims_our_address_is_counted_and_contradicted_at_most_every_ten_seconds) {
  start();
  const auto defences = [&] {
    std::size_t count = 0;
    for (const auto& frame : sink.frames)
      if (const auto view = wire::parse_frame(frame, {}); view && view->is_arp())
        count += wire::ArpView::parse(view->transport)->to_packet().is_gratuitous();
    sink.frames.clear();
    return count;
  };
  give_arp(ArpOperation::request, kOther, kOurs, kPeer);
  EXPECT_EQ(packets().address_conflicts.get(), 1u);
  EXPECT_EQ(defences(), 1u);
  give_arp(ArpOperation::reply, kOther, kOurs, kOurs);
  EXPECT_EQ(packets().address_conflicts.get(), 2u);
  EXPECT_EQ(defences(), 0u);
  pass(std::chrono::seconds(11));
  give_arp(ArpOperation::reply, kOther, kOurs, kOurs);
  EXPECT_EQ(defences(), 1u);
  give_arp(ArpOperation::request, kOurMac, kOurs, kOurs);  // our own words, come back
  EXPECT_EQ(packets().address_conflicts.get(), 3u);
}

TEST_F(AddressLearning, advertisement_that_nobody_asked_for_makes_no_entry) {
  start();
  give_nd(kPeerMac, kPeer6, kOurs6,
          wire::NeighbourAdvertisement{.target = kPeer6, .solicited = true, .target_link = kPeerMac});
  EXPECT_EQ(shard->neighbours().size(), 0u);
  EXPECT_EQ(drops(Drop::icmp_ignored), 0u);
}

TEST_F(AddressLearning, solicitation_of_ours_is_answered_by_advertisement) {
  start();
  shard->neighbours().resolve(kPeer6, now);
  settle();
  ASSERT_EQ(sink.frames.size(), 1u);
  const auto frame = wire::parse_frame(sink.frames[0], {});
  EXPECT_EQ(frame->destination, kPeer6.solicited_node());
  EXPECT_EQ(frame->link.destination(), wire::MacAddress::for_multicast(kPeer6.solicited_node()));
  const auto message = wire::parse_nd(frame->transport, {frame->source, frame->destination}, frame->ttl);
  EXPECT_EQ(std::get<wire::NeighbourSolicitation>(*message), (wire::NeighbourSolicitation{kPeer6, kOurMac}));
  give_nd(kPeerMac, kPeer6, kOurs6,
          wire::NeighbourAdvertisement{.target = kPeer6, .solicited = true, .target_link = kPeerMac});
  EXPECT_EQ(known(kPeer6), State::reachable);
  EXPECT_EQ(mac_of(kPeer6), kPeerMac);
}

TEST_F(AddressLearning, advertisement_without_override_does_not_replace) {
  start();
  shard->neighbours().resolve(kPeer6, now);
  give_nd(kPeerMac, kPeer6, kOurs6,
          wire::NeighbourAdvertisement{.target = kPeer6, .solicited = true, .target_link = kPeerMac});
  give_nd(kOther, kPeer6, kOurs6,
          wire::NeighbourAdvertisement{.target = kPeer6, .override_cache = false, .target_link = kOther});
  EXPECT_EQ(known(kPeer6), State::stale);
  EXPECT_EQ(mac_of(kPeer6), kPeerMac);
  EXPECT_EQ(packets().neighbour_changes.get(), 0u);
  give_nd(kOther, kPeer6, kOurs6, wire::NeighbourAdvertisement{.target = kPeer6, .target_link = kOther});
  EXPECT_EQ(mac_of(kPeer6), kOther);
  EXPECT_EQ(packets().neighbour_changes.get(), 1u);
}

TEST_F(AddressLearning, solicitation_for_us_teaches_and_one_from_nowhere_does_not) {
  start();
  give_nd(kPeerMac, {}, kOurs6.solicited_node(), wire::NeighbourSolicitation{kOurs6, std::nullopt});
  EXPECT_EQ(shard->neighbours().size(), 0u);
  give_nd(kPeerMac, kPeer6, kOurs6.solicited_node(), wire::NeighbourSolicitation{kOurs6, kPeerMac});
  EXPECT_EQ(known(kPeer6), State::stale);
  EXPECT_EQ(packets().nd_solicitations.get(), 2u);
}

TEST_F(AddressLearning, advertisement_of_our_address_by_another_is_a_conflict) {
  start();
  give_nd(kOther, kPeer6, kOurs6, wire::NeighbourAdvertisement{.target = kOurs6, .target_link = kOther});
  EXPECT_EQ(packets().address_conflicts.get(), 1u);
}

TEST_F(AddressLearning, damaged_claims_leave_the_shard_unharmed_and_its_bounds_kept) {
  start();
  std::vector<std::vector<std::uint8_t>> good;
  give_arp(ArpOperation::request, kPeerMac, kPeer, kOurs);
  shard->neighbours().resolve(kPeer6, now);
  settle();
  good = std::exchange(sink.frames, {});  // an ARP reply and a solicitation
  ASSERT_EQ(good.size(), 2u);
  for (auto& frame : good) std::ranges::copy(kOurMac.bytes(), frame.begin());
  std::mt19937_64 random(5);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<std::uint8_t> frame = good[random() % good.size()];
    if (random() % 4 == 0) frame.resize(random() % 120);
    for (std::uint64_t flips = random() % 6; flips > 0 && !frame.empty(); --flips)
      frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
    give(std::move(frame));
    sink.frames.clear();
  }
  EXPECT_LE(shard->neighbours().size(), limits::kMaxNeighbours);
  give_arp(ArpOperation::request, kPeerMac, kPeer, kOurs);
  EXPECT_FALSE(sink.frames.empty());
}

// Whatever claims come: the table stays within its bound, and who is in use stays in it.
TEST_F(AddressLearning, flood_of_claims_displaces_no_neighbour_in_use) {
  start();
  shard->neighbours().resolve(kPeer, now);
  give_arp(ArpOperation::reply, kPeerMac, kPeer, kOurs);
  for (int i = 0; i < 3'000; ++i)
    give_nd(kOther, *wire::IpAddress::parse("fd77::1:" + std::to_string(i)), kOurs6.solicited_node(),
            wire::NeighbourSolicitation{kOurs6, kOther});
  EXPECT_EQ(shard->neighbours().size(), limits::kMaxNeighbours);
  EXPECT_EQ(known(kPeer), State::reachable);
}

}  // namespace
}  // namespace handsel::flow
