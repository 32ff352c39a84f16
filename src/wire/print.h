#pragma once
/// One line a frame, in the manner of tcpdump. For people, tests and traces: allocates, so never on the data path.

#include <string>

#include "wire/frame.h"
#include "wire/tcp.h"

namespace handsel::wire {

/// "IP 10.77.0.1.51234 > 10.77.0.2.443: Flags [S], seq 1, win 64240, options [mss 1460,sackOK], length 0".
std::string describe(const FrameView& frame);

/// Parses (without verifying checksums) and describes; a frame that does not parse gives the drop's name and its
/// length.
std::string describe_frame(Bytes frame);

/// "SYN ACK", in the order in which people say it; "none" for no flag.
std::string flag_names(std::uint8_t flags);

/// "mss 1460,sackOK,TS val 1 ecr 0,wscale 7"; empty without options.
std::string describe(const TcpOptions& options);

}  // namespace handsel::wire
