#include "tcp/isn.h"

#include <array>

namespace handsel::tcp {

namespace {
constexpr std::uint8_t kForSequence = 1;
constexpr std::uint8_t kForTimestamp = 2;
}  // namespace

std::uint64_t tuple_hash(const SipKey& key, std::uint8_t purpose, const Tuple& tuple, std::uint64_t extra) {
  std::array<std::uint8_t, 1 + 16 + 16 + 2 + 2 + 8> message;
  Writer writer(message);
  writer.u8(purpose);
  writer.bytes(tuple.local_address);
  writer.bytes(tuple.remote_address);
  writer.u16(tuple.local_port);
  writer.u16(tuple.remote_port);
  writer.u64(extra);
  return siphash24(key, writer.written());
}

wire::SeqNum initial_sequence(const SipKey& key, const Tuple& tuple, Instant now) {
  const auto ticks = static_cast<std::uint64_t>(now.time_since_epoch().count()) / 4'000;
  return wire::SeqNum(static_cast<std::uint32_t>(tuple_hash(key, kForSequence, tuple) + ticks));
}

std::uint32_t timestamp_offset(const SipKey& key, const Tuple& tuple) {
  return static_cast<std::uint32_t>(tuple_hash(key, kForTimestamp, tuple));
}

}  // namespace handsel::tcp
