#pragma once
/// What Shard::connect() is told.

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "flow/endpoint.h"
#include "wire/address.h"

namespace handsel::flow {

/// Where to, and who talks.
struct Target {
  wire::IpAddress address;
  std::uint16_t port = 0;
  Endpoint endpoint;
  std::optional<wire::IpAddress> local_address;  ///< one of ours; nullopt: by the network that the way goes through
  std::optional<std::uint16_t> local_port;       ///< nullopt: chosen so that strangers cannot guess it (RFC 6056)
  Bytes state;  ///< what Stream::state() begins with, at most kServiceStateBytes; copied
};

}  // namespace handsel::flow
