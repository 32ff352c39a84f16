#include "tcp/ports.h"

namespace handsel::tcp {

namespace {
constexpr std::uint8_t kForPortOffset = 4;
constexpr std::uint8_t kForPortGroup = 5;
}  // namespace

EphemeralPorts::Place EphemeralPorts::place_of(Tuple tuple) const {
  tuple.local_port = 0;
  return {.offset = static_cast<std::uint32_t>(tuple_hash(key_, kForPortOffset, tuple) >> 16),
          .group = static_cast<std::uint32_t>(tuple_hash(key_, kForPortGroup, tuple) % table_.size())};
}

}  // namespace handsel::tcp
