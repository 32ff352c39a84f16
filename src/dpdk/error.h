#pragma once
/// What can go wrong between the engine and DPDK, in words.

#include <cstdint>
#include <string>

namespace handsel::dpdk {

struct Error {
  enum class Kind : std::uint8_t {
    rights,    ///< the process lacks a capability; the message says which
    memory,    ///< not enough, of whatever kind the message says
    device,    ///< no such device, or it refused
    internal,  ///< DPDK failed for a reason of its own; the message carries its log
  };
  Kind kind = Kind::internal;
  std::string message;
};

}  // namespace handsel::dpdk
