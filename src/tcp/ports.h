#pragma once
/// Source ports for active opens, hard to guess and slow to repeat (RFC 6056 3.3.4).

#include <array>
#include <cstdint>
#include <optional>

#include "tcp/isn.h"

namespace handsel::tcp {

/// The double-hash algorithm: each destination has its own offset, and groups of destinations share a counter. One per
/// worker; a worker gives only ports whose replies reach it (the caller's `usable`).
class EphemeralPorts {
 public:
  static constexpr std::uint16_t kFirst = 1'024;  // RFC 6056 3.2: as many as possible
  static constexpr std::uint16_t kLast = 65'535;

  explicit EphemeralPorts(const SipKey& key) : key_(key) {}

  /// A port for `tuple`, whose local_port is ignored, that `usable(port)` accepts; nullopt after `attempts` refusals.
  template <class Usable>
  std::optional<std::uint16_t> pick(const Tuple& tuple, Usable&& usable, std::uint32_t attempts = kRange) {
    const Place place = place_of(tuple);
    for (std::uint32_t i = 0; i < attempts; ++i) {
      const auto port = static_cast<std::uint16_t>(kFirst + (place.offset + table_[place.group]++) % kRange);
      if (usable(port)) return port;
    }
    return std::nullopt;
  }

 private:
  static constexpr std::uint32_t kRange = kLast - kFirst + 1;
  struct Place {
    std::uint32_t offset;
    std::uint32_t group;
  };
  Place place_of(Tuple tuple) const;

  SipKey key_;
  std::array<std::uint32_t, 1'024> table_{};
};

}  // namespace handsel::tcp
