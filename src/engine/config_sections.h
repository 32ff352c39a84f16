#pragma once
/// The rows of each section (config_sections.cc, config_tls.cc), for the reader and for the reference.

#include <span>

#include "engine/config_reader.h"

namespace handsel::engine {

std::span<const Key<EngineSettings>> engine_keys();
std::span<const Key<PortSettings>> port_keys();
std::span<const Key<Impairment>> impairment_keys();
std::span<const Key<ListenerSettings>> listener_keys();
std::span<const Key<TlsSettings>> tls_keys();
std::span<const Key<CertificateFiles>> certificate_keys();
std::span<const Key<LimitSettings>> limit_keys();
std::span<const Key<CryptoSettings>> crypto_keys();

/// What the sections say of each other: names that must exist, addresses that must be ours, what is there twice.
void check_together(const Config& config, ReadContext& context);

}  // namespace handsel::engine
