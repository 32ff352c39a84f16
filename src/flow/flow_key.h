#pragma once
/// What names a connection: both addresses and both ports, as seen from our side.

#include <cstdint>

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

  /// Keyed, so that strangers cannot choose tuples that collide: SipHash-1-3, for tables only. IPv4 hashes 12 bytes,
  /// IPv6 36.
  std::uint64_t hash(const SipKey& key) const {
    SipHasher<1, 3> hasher(key);
    const std::uint64_t ports = std::uint64_t{local_port} << 16 | remote_port;
    if (local.is_v4() && remote.is_v4()) {
      hasher.absorb(std::uint64_t{local.v4()} << 32 | remote.v4());
      return hasher.finish(12, ports);
    }
    for (const wire::IpAddress* address : {&local, &remote})
      for (const std::uint64_t word : address->words()) hasher.absorb(word);
    return hasher.finish(36, ports);
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
