#include "link.h"

#include <algorithm>

namespace handsel::sim {
namespace {

constexpr std::size_t kLinkBytes = wire::EthernetHeader::kUntaggedBytes;

std::optional<Kind> kind_of(Bytes frame) {
  const auto view = wire::parse_frame(frame, {false, false});
  if (!view || !view->is_tcp()) return std::nullopt;
  if (view->tcp.has(wire::kSyn)) return Kind::syn;
  if (view->tcp.has(wire::kFin)) return Kind::fin;
  if (view->tcp.has(wire::kRst)) return std::nullopt;
  return view->tcp.payload().empty() ? Kind::pure_ack : Kind::data;
}

}  // namespace

bool Link::is_chosen(Bytes frame) {
  if (config_.chosen.empty()) return false;
  const auto kind = kind_of(frame);
  if (!kind) return false;
  const std::uint32_t number = ++seen_[static_cast<std::size_t>(*kind)];
  return std::ranges::any_of(config_.chosen, [&](const Chosen& each) {
    return each.kind == *kind && number >= each.first && number - each.first < each.count;
  });
}

bool Link::burst_takes(Random& random) {
  if (config_.bursts.begin == 0) return false;
  if (chance(random, bad_ ? config_.bursts.end : config_.bursts.begin)) bad_ = !bad_;
  return bad_ && chance(random, config_.bursts.loss);
}

const char* Link::reason_to_lose(Bytes frame, Instant now, Random& random) {
  if (now >= config_.dead_from && now < config_.dead_until) return "link_dead";
  if (is_chosen(frame)) return "link_chosen";
  if (config_.mtu != 0 && frame.size() > kLinkBytes + config_.mtu) {
    ++counts_.too_big;
    return "link_mtu";
  }
  if (burst_takes(random)) return "link_burst";
  if (chance(random, config_.loss)) return "link_loss";
  return nullptr;
}

// The frame's turn comes when those before it have left.
const char* Link::wait_in_queue(Frame& frame, Instant now, Instant& leaves) {
  leaves = now;
  if (config_.bits_per_second == 0) return nullptr;
  const auto time_of = [&](std::size_t bytes) {
    return Duration(static_cast<std::int64_t>(bytes * 8'000'000'000 / config_.bits_per_second));
  };
  const Instant begins = std::max(now, busy_until_);
  if (begins - now > time_of(config_.queue_bytes)) return "link_queue";
  if (config_.mark_bytes != 0 && begins - now > time_of(config_.mark_bytes) && mark_congestion(frame)) ++counts_.marked;
  leaves = busy_until_ = begins + time_of(frame.size());
  return nullptr;
}

Fate Link::pass(Frame frame, Instant now, Random& random) {
  Fate fate;
  Instant leaves;
  fate.lost = reason_to_lose(frame, now, random);
  fate.told_too_big = fate.lost != nullptr && config_.tells_mtu && config_.mtu != 0 &&
                      frame.size() > kLinkBytes + config_.mtu && std::string_view(fate.lost) == "link_mtu";
  if (!fate.lost) fate.lost = wait_in_queue(frame, now, leaves);
  if (fate.lost) {
    ++counts_.lost;
    return fate;
  }
  // Past the link header: what Ethernet itself carries is under its frame check sequence, and damage there is loss.
  if (chance(random, config_.corrupt)) {
    ++counts_.corrupted;
    frame[kLinkBytes + random() % (frame.size() - kLinkBytes)] ^= static_cast<std::uint8_t>(1u << random() % 8);
  }
  if (chance(random, config_.truncate)) {
    ++counts_.corrupted;
    frame.resize(kLinkBytes + random() % (frame.size() - kLinkBytes));
  }
  const int copies = chance(random, config_.duplicate) ? 2 : 1;
  counts_.duplicated += static_cast<std::uint64_t>(copies - 1);
  for (int copy = 0; copy < copies; ++copy) {
    Instant at = leaves + config_.delay;
    if (config_.jitter.count() != 0)
      at += Duration(static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(config_.jitter.count())));
    if (chance(random, config_.reorder)) at += config_.held_back;
    fate.copies.push_back({at, copy + 1 == copies ? std::move(frame) : frame});
    ++counts_.carried;
  }
  return fate;
}

}  // namespace handsel::sim
