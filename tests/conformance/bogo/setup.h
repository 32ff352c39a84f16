#pragma once
/// The flags' wishes as configurations of the engine.

#include <expected>
#include <memory>

#include "crypto/key_store.h"
#include "options.h"
#include "tls/client_config.h"
#include "tls/config.h"

namespace handsel::bogo {

/// `ticket_keys` are the same for all connections of the program.
std::expected<tls::ServerConfig, Stop> server_config(const Options& options, crypto::KeyStore& keys,
                                                     std::shared_ptr<const tls::TicketKeys> ticket_keys);
std::expected<tls::ClientConfig, Stop> client_config(const Options& options, crypto::KeyStore& keys);

}  // namespace handsel::bogo
