#pragma once
/// The RST that answers a segment for which there is no connection (RFC 9293 3.10.7.1).

#include <cstddef>
#include <optional>

#include "wire/tcp.h"

namespace handsel::tcp {

/// The reset to send back, ports already swapped; nullopt when the segment is itself a RST. `payload_bytes` is the
/// segment's data without SYN and FIN.
std::optional<wire::TcpHeader> reset_for(const wire::TcpHeader& segment, std::size_t payload_bytes);

}  // namespace handsel::tcp
