#include "tcp/reset.h"

namespace handsel::tcp {

std::optional<wire::TcpHeader> reset_for(const wire::TcpHeader& segment, std::size_t payload_bytes) {
  if (segment.has(wire::kRst)) return std::nullopt;
  wire::TcpHeader reset;
  reset.source_port = segment.destination_port;
  reset.destination_port = segment.source_port;
  if (segment.has(wire::kAck)) {
    reset.seq = segment.ack;
    reset.flags = wire::kRst;
  } else {
    reset.ack = segment.seq + wire::segment_length(segment, payload_bytes);
    reset.flags = wire::kRst | wire::kAck;
  }
  return reset;
}

}  // namespace handsel::tcp
