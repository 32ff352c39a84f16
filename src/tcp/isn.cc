#include "tcp/isn.h"

namespace handsel::tcp {

namespace {

constexpr std::uint8_t kForNumbers = 1;

template <class Word>
std::uint64_t load(const std::uint8_t* at) {
  Word word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

}  // namespace

std::uint64_t tuple_hash(const SipKey& key, std::uint8_t purpose, const Tuple& tuple, std::uint64_t extra) {
  // A fixed layout, 21 bytes over IPv4 and 45 over IPv6, so that no two tuples give one message.
  SipHasher<2, 4> hasher(key);
  hasher.absorb(extra);
  const bool ipv4 = tuple.local_address.size() == 4;
  const std::uint8_t* const local = tuple.local_address.data();
  const std::uint8_t* const remote = tuple.remote_address.data();
  if (ipv4) {
    hasher.absorb(load<std::uint32_t>(remote) << 32 | load<std::uint32_t>(local));
  } else {
    for (const std::uint8_t* address : {local, remote}) {
      hasher.absorb(load<std::uint64_t>(address));
      hasher.absorb(load<std::uint64_t>(address + 8));
    }
  }
  const std::uint64_t ports = std::uint64_t{tuple.remote_port} << 16 | tuple.local_port;
  return hasher.finish(ipv4 ? 21 : 45, std::uint64_t{purpose} << 32 | ports);
}

TupleNumbers numbers_of(const SipKey& key, const Tuple& tuple) {
  const std::uint64_t hash = tuple_hash(key, kForNumbers, tuple);
  return {.sequence_offset = static_cast<std::uint32_t>(hash),
          .timestamp_offset = static_cast<std::uint32_t>(hash >> 32)};
}

wire::SeqNum TupleNumbers::initial_sequence(Instant now) const {
  const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count()) / 4'000;
  return wire::SeqNum(static_cast<std::uint32_t>(sequence_offset + ticks));
}

}  // namespace handsel::tcp
