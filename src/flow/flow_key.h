#pragma once
/// What names a connection: both addresses and both ports, as seen from our side.

#include <array>
#include <cstdint>
#include <cstring>

#include "base/siphash.h"
#include "tcp/isn.h"
#include "wire/address.h"

namespace handsel::flow {

struct FlowKey {
  wire::IpAddress local;
  wire::IpAddress remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;

  bool operator==(const FlowKey&) const = default;

  /// Keyed, so that strangers cannot choose tuples that collide. IPv4 hashes 12 bytes, IPv6 36.
  std::uint64_t hash(const SipKey& key) const {
    std::array<std::uint8_t, 36> message;
    const std::size_t skip = local.is_v4() && remote.is_v4() ? 12 : 0;
    const std::size_t width = 16 - skip;
    std::memcpy(message.data(), local.bytes().data() + skip, width);
    std::memcpy(message.data() + width, remote.bytes().data() + skip, width);
    store_be16(message.data() + 2 * width, local_port);
    store_be16(message.data() + 2 * width + 2, remote_port);
    return siphash24(key, Bytes(message).first(2 * width + 4));
  }
};

/// The same for the tcp layer, which knows no addresses: views into `key`, four bytes or sixteen.
inline tcp::Tuple tuple_of(const FlowKey& key) {
  const auto bytes = [](const wire::IpAddress& address) {
    return address.is_v4() ? Bytes(address.v4_bytes()) : Bytes(address.bytes());
  };
  return {bytes(key.local), bytes(key.remote), key.local_port, key.remote_port};
}

}  // namespace handsel::flow
