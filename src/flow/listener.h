#pragma once
/// A port that takes connections.

#include <cstdint>
#include <memory>
#include <optional>

#include "flow/endpoint.h"
#include "tls/config.h"
#include "wire/address.h"

namespace handsel::flow {

struct Listener {
  std::optional<wire::IpAddress> address;  ///< of ours; nullopt: all of ours
  std::uint16_t port = 0;
  std::shared_ptr<const tls::ServerConfig> tls;  ///< null: plain TCP
  Service* service = nullptr;                    ///< of this worker; outlives the shard

  Endpoint endpoint() const { return {service, tls.get()}; }
};

}  // namespace handsel::flow
