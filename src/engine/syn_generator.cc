#include "engine/syn_generator.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace handsel::engine {
namespace {

constexpr std::uint64_t kNoBound = ~std::uint64_t{0};
constexpr std::size_t kV4SourceAt = 12;
constexpr std::size_t kV6SourceAt = 8;
constexpr std::size_t kV4ChecksumAt = 10;

// What Linux offers.
wire::TcpHeader blank_syn(std::uint16_t port, bool v4) {
  wire::TcpHeader syn;
  syn.destination_port = port;
  syn.flags = wire::kSyn;
  syn.window = 64'240;
  syn.options.mss = static_cast<std::uint16_t>(v4 ? 1'460 : 1'440);
  syn.options.sack_permitted = true;
  syn.options.timestamps = wire::TcpTimestamps{1, 0};
  syn.options.window_scale = std::uint8_t{7};
  return syn;
}

wire::Sum native16(std::uint16_t host) { return __builtin_bswap16(host); }
wire::Sum native32(std::uint32_t host) { return __builtin_bswap32(host); }

}  // namespace

SynGenerator::SynGenerator(const LoadPlan& plan, std::optional<std::uint16_t> vlan, wire::ChecksumOffload offload,
                           const SipKey& key, std::uint16_t worker, std::uint16_t workers)
    : plan_(plan),
      offload_(offload),
      key_(key),
      worker_(worker),
      workers_(workers),
      total_(plan.total == 0 ? kNoBound : share_of(plan.total, worker, workers)),
      source_(worker % plan.sources.size()) {
  const bool v4 = plan.address.is_v4();
  wire::LinkHeader link;
  if (vlan) {
    link.tags[0].control = *vlan;
    link.tag_count = 1;
  }
  const wire::TcpHeader syn = blank_syn(plan.port, v4);
  const wire::IpAddress nobody = v4 ? wire::IpAddress::from_v4(0u) : wire::IpAddress{};
  frame_bytes_ = wire::tcp_frame_header_bytes(link, plan.address, syn);
  assert(frame_bytes_ <= blank_.size());
  const wire::IpFields ip{.source = nobody, .destination = plan.address};
  write_tcp_frame(MutableBytes(blank_).first(frame_bytes_), link, ip, syn, std::nullopt, {});
  ip_at_ = link.header_bytes();
  tcp_at_ = ip_at_ + wire::ip_header_bytes(ip);
  if (v4) store_be16(blank_.data() + ip_at_ + kV4ChecksumAt, 0);
  store_be16(blank_.data() + tcp_at_ + wire::kTcpChecksumOffset, 0);
  if (v4) ip_sum_ = wire::sum_bytes(Bytes(blank_).subspan(ip_at_, tcp_at_ - ip_at_));
  const std::size_t segment_bytes = frame_bytes_ - tcp_at_;
  tcp_sum_ = wire::pseudo_header_sum(nobody, plan.address, wire::kProtocolTcp, segment_bytes);
  if (!offload.tcp) tcp_sum_ += wire::sum_bytes(Bytes(blank_).subspan(tcp_at_, segment_bytes));
}

std::uint32_t SynGenerator::sequence(const wire::IpAddress& source, std::uint16_t port) const {
  SipHasher<1, 3> hasher(key_);
  return static_cast<std::uint32_t>(
      hasher.finish(6, std::uint64_t{load_be32(source.bytes().data() + 12)} << 16 | port));
}

std::size_t SynGenerator::due(Instant now, std::size_t most) {
  if (!begun_) {
    begun_ = true;
    start_ = heard_ = now;
    if (plan_.duration < kNever - now) end_ = now + plan_.duration;
    statistics_.started_ns.set(static_cast<std::uint64_t>(now.time_since_epoch().count()));
    note_time(now);
  }
  const std::uint64_t sent = statistics_.sent.get();
  if (now >= end_ || sent >= total_) {
    if (!all_sent_) heard_ = now;
    all_sent_ = true;
    return 0;
  }
  std::uint64_t count = std::min<std::uint64_t>(most, total_ - sent);
  if (plan_.rate > 0) {
    if (due_ <= sent) due_ = Arrivals(start_, plan_.rate, worker_, workers_).before(now);
    count = std::min(count, due_ - std::min(due_, sent));
  }
  return static_cast<std::size_t>(count);
}

void SynGenerator::write(MutableBytes frame, wire::MacAddress from, wire::MacAddress to) {
  const wire::IpAddress& source = plan_.sources[source_];
  const std::uint32_t seq = sequence(source, port_);
  std::uint8_t* const at = frame.data();
  std::memcpy(at, blank_.data(), frame_bytes_);
  std::ranges::copy(to.bytes(), at);
  std::ranges::copy(from.bytes(), at + to.bytes().size());

  const Bytes address = source.is_v4() ? Bytes(source.v4_bytes()) : Bytes(source.bytes());
  std::ranges::copy(address, at + ip_at_ + (source.is_v4() ? kV4SourceAt : kV6SourceAt));
  const wire::Sum address_sum = wire::sum_words(address.data(), address.size() / 4);
  if (source.is_v4() && !offload_.ip) store_be16(at + ip_at_ + kV4ChecksumAt, wire::finish(ip_sum_ + address_sum));

  std::uint8_t* const tcp = at + tcp_at_;
  store_be16(tcp, port_);
  store_be32(tcp + 4, seq);
  const wire::Sum sum = tcp_sum_ + address_sum;
  store_be16(tcp + wire::kTcpChecksumOffset,
             offload_.tcp ? wire::fold(sum) : wire::finish(sum + native16(port_) + native32(seq)));

  statistics_.sent.add();
  // Every address with one port, then with the next; each worker has addresses, or turns, of its own.
  source_ += workers_;
  if (source_ < plan_.sources.size()) return;
  source_ = worker_ % plan_.sources.size();
  if (++port_ == 0) port_ = kFirstPort;
}

bool SynGenerator::take(Bytes frame, bool checksums_good, Instant now) {
  const auto parsed = wire::parse_frame(frame, {.verify_ip = !checksums_good, .verify_transport = !checksums_good});
  if (!parsed || !parsed->is_tcp()) return false;
  const wire::TcpView& tcp = parsed->tcp;
  const bool from_target = parsed->source == plan_.address && tcp.source_port() == plan_.port;
  const bool acknowledges =
      tcp.has(wire::kAck) && tcp.ack() == wire::SeqNum(sequence(parsed->destination, tcp.destination_port()) + 1);
  if (from_target && acknowledges && tcp.has(wire::kSyn))
    statistics_.answered.add();
  else if (from_target && acknowledges && tcp.has(wire::kRst))
    statistics_.refused.add();
  else
    statistics_.strange.add();
  heard_ = now;
  return true;
}

bool SynGenerator::finished(Instant now) const {
  if (!all_sent_) return false;
  return statistics_.answered.get() + statistics_.refused.get() >= statistics_.sent.get() ||
         now - heard_ >= plan_.timeout;
}

}  // namespace handsel::engine
