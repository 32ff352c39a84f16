/// Cycles for a frame in and a frame out, and for checksums, beside DPDK's own helpers.

#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_net.h>

#include <array>
#include <memory>
#include <vector>

#include "harness.h"
#include "wire/frame.h"

namespace {

using namespace handsel;
using namespace handsel::wire;
using bench::keep;
using bench::Report;

constexpr std::size_t kFrames = 64;  ///< different ones, all in the first cache level

const LinkHeader kLink{MacAddress({2, 0, 10, 77, 0, 2}), MacAddress({2, 0, 10, 77, 0, 1})};

std::vector<std::uint8_t> make_frame(bool over_ipv6, bool syn, std::size_t payload_bytes, std::uint16_t port) {
  const IpAddress source = over_ipv6 ? *IpAddress::parse("fd77::1") : IpAddress::from_v4(10, 77, 0, 1);
  const IpAddress destination = over_ipv6 ? *IpAddress::parse("fd77::2") : IpAddress::from_v4(10, 77, 0, 2);
  TcpHeader tcp{port, 443, SeqNum(1), SeqNum(2), kAck, 502};
  tcp.options.timestamps = TcpTimestamps{1, 2};
  if (syn) {
    tcp.flags = kSyn;
    tcp.options.mss = 1460;
    tcp.options.sack_permitted = true;
    tcp.options.window_scale = 7;
  }
  std::vector<std::uint8_t> frame(tcp_frame_header_bytes(kLink, destination, tcp) + payload_bytes, 0x5a);
  write_tcp_frame(frame, kLink, {source, destination}, tcp, std::nullopt, {});
  return frame;
}

struct Frames {
  Frames(bool over_ipv6, bool syn, std::size_t payload_bytes) {
    for (std::size_t i = 0; i < kFrames; ++i)
      all.push_back(make_frame(over_ipv6, syn, payload_bytes, static_cast<std::uint16_t>(40'000 + i)));
  }
  std::vector<std::vector<std::uint8_t>> all;
};

/// An mbuf that stands on a frame's bytes: all that rte_net_get_ptype asks for.
rte_mbuf mbuf_on(std::vector<std::uint8_t>& frame) {
  rte_mbuf mbuf{};
  mbuf.buf_addr = frame.data();
  mbuf.data_off = 0;
  mbuf.nb_segs = 1;
  mbuf.data_len = mbuf.buf_len = static_cast<std::uint16_t>(frame.size());
  mbuf.pkt_len = static_cast<std::uint32_t>(frame.size());
  return mbuf;
}

/// What DPDK offers for the same: the headers' kinds and lengths, and with `verify` both checksums. It checks no
/// lengths against the frame, no flags, no ports.
void parse_with_dpdk(const rte_mbuf& mbuf, bool verify) {
  rte_net_hdr_lens lengths;
  const std::uint32_t type = rte_net_get_ptype(&mbuf, &lengths, RTE_PTYPE_ALL_MASK);
  keep(type);
  keep(lengths);
  if (!verify) return;
  const auto* ip = rte_pktmbuf_mtod_offset(&mbuf, const rte_ipv4_hdr*, lengths.l2_len);
  const std::uint16_t header = rte_ipv4_cksum(ip);
  const std::uint16_t transport = rte_ipv4_udptcp_cksum(ip, reinterpret_cast<const std::uint8_t*>(ip) + lengths.l3_len);
  keep(header);
  keep(transport);
}

void parse(Report& report, const char* name, Frames frames, bool verify) {
  auto mbufs = std::make_unique<std::array<rte_mbuf, kFrames>>();
  for (std::size_t i = 0; i < kFrames; ++i) (*mbufs)[i] = mbuf_on(frames.all[i]);
  const ChecksumPolicy policy{.verify_ip = verify, .verify_transport = verify};
  report.compare(
      {.name = name,
       .peer = verify ? "rte_net_get_ptype, cksum" : "rte_net_get_ptype",
       .operations = kFrames,
       .calls = 20'000},
      [&] {
        for (const auto& frame : frames.all) {
          const auto view = parse_frame(frame, policy);
          keep(view);
        }
      },
      [&] {
        for (const rte_mbuf& mbuf : *mbufs) parse_with_dpdk(mbuf, verify);
      });
}

void options(Report& report) {
  const Frames syns(false, true, 0);
  report.measure({.name = "wire/tcp-header-syn", .operations = kFrames, .calls = 20'000}, [&] {
    for (const auto& frame : syns.all) {
      const TcpHeader header = TcpView::parse(Bytes(frame).subspan(34))->to_header();
      keep(header);
    }
  });
}

void write(Report& report, const char* name, std::size_t payload_bytes, ChecksumOffload offload) {
  const IpFields ip{IpAddress::from_v4(10, 77, 0, 2), IpAddress::from_v4(10, 77, 0, 1)};
  TcpHeader tcp{443, 40'000, SeqNum(1), SeqNum(2), kAck | kPsh, 502};
  tcp.options.timestamps = TcpTimestamps{1, 2};
  std::vector<std::uint8_t> frame(tcp_frame_header_bytes(kLink, ip.destination, tcp) + payload_bytes, 0x5a);
  report.measure({.name = name, .operations = 1, .calls = 200'000}, [&] {
    tcp.seq += 1;
    write_tcp_frame(frame, kLink, ip, tcp, std::nullopt, offload);
    keep(frame);
  });
}

void checksums(Report& report) {
  for (const std::size_t size : {20u, 64u, 1460u, 8960u}) {
    const std::vector<std::uint8_t> data(size, 0x5a);
    report.compare(
        {.name = "wire/checksum-" + std::to_string(size), .peer = "rte_raw_cksum", .calls = 200'000},
        [&] {
          keep(data);
          const std::uint16_t sum = checksum(data);
          keep(sum);
        },
        [&] {
          keep(data);
          const std::uint16_t sum = rte_raw_cksum(data.data(), data.size());
          keep(sum);
        });
  }
  const std::vector<std::uint8_t> data(1460, 0x5a);
  std::vector<std::uint8_t> to(1460);
  report.compare(
      {.name = "wire/copy-and-sum-1460", .peer = "memcpy, rte_raw_cksum", .calls = 200'000},
      [&] {
        keep(data);
        const Sum sum = copy_and_sum(to.data(), data);
        keep(sum);
      },
      [&] {
        keep(data);
        std::memcpy(to.data(), data.data(), data.size());
        keep(to);
        const std::uint16_t sum = rte_raw_cksum(to.data(), to.size());
        keep(sum);
      });
}

}  // namespace

int main(int count, char** values) {
  Report report("wire", count, values);
  parse(report, "wire/parse-frame-ipv4", Frames(false, false, 64), false);
  parse(report, "wire/parse-frame-ipv6", Frames(true, false, 64), false);
  parse(report, "wire/parse-frame-verified", Frames(false, false, 64), true);
  parse(report, "wire/parse-frame-verified-1448", Frames(false, false, 1448), true);
  options(report);
  write(report, "wire/write-frame-offloaded", 0, {.ip = true, .tcp = true});
  write(report, "wire/write-frame-ack", 0, {});
  write(report, "wire/write-frame-1448", 1448, {});
  checksums(report);
  return report.finish();
}
