#pragma once
/// Ethernet II with up to two VLAN tags (IEEE 802.3 3.2, 802.1Q 9).

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>

#include "base/bytes.h"
#include "base/drop.h"
#include "base/limits.h"
#include "wire/address.h"

namespace handsel::wire {

/// EtherTypes that the engine knows.
enum EtherType : std::uint16_t {
  kEtherIpv4 = 0x0800,
  kEtherArp = 0x0806,
  kEtherVlan = 0x8100,  ///< 802.1Q customer tag
  kEtherIpv6 = 0x86dd,
  kEtherProvider = 0x88a8,  ///< 802.1ad service tag
};

/// One tag: which kind, and priority (3 bits), drop eligibility (1), VLAN id (12).
struct VlanTag {
  std::uint16_t protocol = kEtherVlan;
  std::uint16_t control = 0;

  std::uint16_t id() const { return control & 0x0fff; }
  bool operator==(const VlanTag&) const = default;
};

/// The link header as a value.
struct EthernetHeader {
  static constexpr std::size_t kUntaggedBytes = 14;
  static constexpr std::size_t kTagBytes = 4;

  MacAddress destination;
  MacAddress source;
  std::array<VlanTag, limits::kMaxVlanTags> tags{};  ///< outermost first
  std::uint8_t tag_count = 0;
  std::uint16_t ether_type = 0;

  std::size_t header_bytes() const { return kUntaggedBytes + kTagBytes * tag_count; }
  bool operator==(const EthernetHeader&) const = default;
};

/// What a frame says about its way over the link; the emitters of whole frames set the EtherType themselves.
using LinkHeader = EthernetHeader;

/// A frame whose link header is complete.
class EthernetView {
 public:
  EthernetView() = default;

  /// Errors: eth_truncated. A third tag is left as the EtherType, which nobody speaks.
  static std::expected<EthernetView, Drop> parse(Bytes frame) {
    EthernetView view;
    if (const auto fault = view.assign(frame)) return std::unexpected(*fault);
    return view;
  }
  /// The same for a view that exists already. This is the data path's way: a view inside std::expected goes through
  /// memory, written in halves and read as a whole, which stalls the processor. So in the other views.
  std::optional<Drop> assign(Bytes frame) {
    if (frame.size() < EthernetHeader::kUntaggedBytes) return Drop::eth_truncated;
    std::uint32_t header = EthernetHeader::kUntaggedBytes;
    std::uint16_t type = load_be16(frame.data() + 12);
    while (is_tag(type) && header < kMaxBytes) {
      header += EthernetHeader::kTagBytes;
      if (frame.size() < header) return Drop::eth_truncated;
      type = load_be16(frame.data() + header - 2);
    }
    frame_ = frame;
    header_bytes_ = header;
    ether_type_ = type;
    return std::nullopt;
  }

  MacAddress destination() const { return MacAddress::from_bytes(frame_.data()); }
  MacAddress source() const { return MacAddress::from_bytes(frame_.data() + 6); }
  std::uint16_t ether_type() const { return static_cast<std::uint16_t>(ether_type_); }
  std::size_t tag_count() const { return (header_bytes_ - EthernetHeader::kUntaggedBytes) / EthernetHeader::kTagBytes; }
  /// Tag 0 is the outermost; `index` < tag_count().
  VlanTag tag(std::size_t index) const {
    const std::uint8_t* at = frame_.data() + 12 + EthernetHeader::kTagBytes * index;
    return {load_be16(at), load_be16(at + 2)};
  }
  std::size_t header_bytes() const { return header_bytes_; }
  Bytes frame() const { return frame_; }
  /// All that follows the header, padding included.
  Bytes payload() const { return frame_.subspan(header_bytes()); }

  EthernetHeader to_header() const {
    EthernetHeader header{destination(), source(), {}, static_cast<std::uint8_t>(tag_count()), ether_type()};
    for (std::size_t i = 0; i < tag_count(); ++i) header.tags[i] = tag(i);
    return header;
  }

 private:
  static constexpr std::uint32_t kMaxBytes =
      EthernetHeader::kUntaggedBytes + EthernetHeader::kTagBytes * limits::kMaxVlanTags;

  static bool is_tag(std::uint16_t type) { return type == kEtherVlan || type == kEtherProvider; }

  Bytes frame_;
  std::uint32_t header_bytes_ = EthernetHeader::kUntaggedBytes;
  std::uint32_t ether_type_ = 0;
};

/// The header that carries an answer back to where a frame came from, from the same address and in the same VLANs.
inline EthernetHeader reply_to(const EthernetView& frame, const MacAddress& ours) {
  EthernetHeader header = frame.to_header();
  header.destination = header.source;
  header.source = ours;
  return header;
}

/// Writes header.header_bytes() bytes that the caller has checked to exist; gives the first byte behind them.
inline std::uint8_t* write_at(std::uint8_t* at, const EthernetHeader& header) {
  std::memcpy(at, header.destination.bytes().data(), MacAddress::kBytes);
  std::memcpy(at + 6, header.source.bytes().data(), MacAddress::kBytes);
  at += 12;
  for (std::size_t i = 0; i < header.tag_count; ++i, at += EthernetHeader::kTagBytes) {
    store_be16(at, header.tags[i].protocol);
    store_be16(at + 2, header.tags[i].control);
  }
  store_be16(at, header.ether_type);
  return at + 2;
}

inline void emit(const EthernetHeader& header, Writer& writer) {
  if (const MutableBytes room = writer.hole(header.header_bytes()); !room.empty()) write_at(room.data(), header);
}

}  // namespace handsel::wire
