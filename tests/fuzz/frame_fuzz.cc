/// Any bytes as a frame: parsed with and without checksums, judged, described, and written again where it was TCP.

#include <cstdlib>
#include <vector>

#include "wire/fragment.h"
#include "wire/frame.h"
#include "wire/print.h"

namespace {

using namespace handsel;
using namespace handsel::wire;

void require(bool holds) {
  if (!holds) std::abort();
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A TCP frame is written anew from what was read of it, and must read the same.
void write_again(const FrameView& view) {
  const TcpHeader tcp = view.tcp.to_header();
  const LinkHeader link = view.link.to_header();
  const IpFields ip{view.source, view.destination, view.ttl, view.traffic_class};
  if (ip.source.is_v4() != ip.destination.is_v4() || ip.source.is_v4() != (view.ip_version == 4)) return;
  const Bytes payload = view.tcp.payload();
  std::vector<std::uint8_t> frame(tcp_frame_header_bytes(link, ip.destination, tcp) + payload.size());
  if (frame.size() > 65'535) return;
  const Sum sum = copy_and_sum(frame.data() + frame.size() - payload.size(), payload);
  write_tcp_frame(frame, link, ip, tcp, sum, {});
  const auto again = parse_frame(frame, {});
  require(again.has_value());
  require(again->tcp.payload().size() == payload.size());
  TcpHeader expected = tcp;
  const std::size_t blocks = sack_blocks_that_fit(tcp.options);
  for (std::size_t i = blocks; i < expected.options.sack_count; ++i) expected.options.sack[i] = {};
  expected.options.sack_count = static_cast<std::uint8_t>(blocks);
  require(again->tcp.to_header() == expected);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes frame{data, size};
  const auto strict = parse_frame(frame, {});
  const auto view = parse_frame(frame, {.verify_ip = false, .verify_transport = false});
  require(!strict || view);  // what passes with checksums passes without
  require(!describe_frame(frame).empty());
  if (const auto fragment = parse_fragment(frame, false)) {
    require(!view && view.error() == Drop::ip_fragment);
    require(!fragment->payload.empty() && inside(fragment->payload, frame) && fragment->end() <= 65'535);
  }
  if (!view) return 0;
  (void)reject_address(*view);
  require(inside(view->transport, frame));
  if (!view->is_arp()) require(inside(view->ip_packet(), frame));
  if (view->is_tcp()) write_again(*view);
  return 0;
}
