#include "tcp/isn.h"

#include <array>

namespace handsel::tcp {

namespace {
constexpr std::uint8_t kForSequence = 1;
constexpr std::uint8_t kForTimestamp = 2;
}  // namespace

std::uint64_t tuple_hash(const SipKey& key, std::uint8_t purpose, const Tuple& tuple, std::uint64_t extra) {
  // A fixed layout, 21 bytes over IPv4 and 45 over IPv6, so that no two tuples give one message.
  std::array<std::uint8_t, 8 + 4 + 2 * 16 + 1> message;
  const std::size_t address_bytes = tuple.local_address.size() == 4 ? 4 : 16;
  std::uint8_t* at = message.data();
  std::memcpy(at, &extra, 8);
  store_be16(at + 8, tuple.local_port);
  store_be16(at + 10, tuple.remote_port);
  std::memcpy(at + 12, tuple.local_address.data(), address_bytes);
  std::memcpy(at + 12 + address_bytes, tuple.remote_address.data(), address_bytes);
  at[12 + 2 * address_bytes] = purpose;
  return siphash24(key, Bytes(message.data(), 13 + 2 * address_bytes));
}

wire::SeqNum initial_sequence(const SipKey& key, const Tuple& tuple, Instant now) {
  const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count()) / 4'000;
  return wire::SeqNum(static_cast<std::uint32_t>(tuple_hash(key, kForSequence, tuple) + ticks));
}

std::uint32_t timestamp_offset(const SipKey& key, const Tuple& tuple) {
  return static_cast<std::uint32_t>(tuple_hash(key, kForTimestamp, tuple));
}

}  // namespace handsel::tcp
