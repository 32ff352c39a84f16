#pragma once
/// Whether a server goes on with what a ClientHello asks for: asked once the hello is understood, before any public-key
/// work.

#include <cstdint>

#include "base/time.h"
#include "tls/alert.h"

namespace handsel::tls {

/// Whoever drives a worker's sessions knows what it can bear, and whose they are. Worker thread only.
class Admission {
 public:
  virtual ~Admission() = default;
  /// Error::none when the handshake of the session with this owner's mark may go on, otherwise why not. `resumes`: it
  /// spares a signature at least.
  virtual Error admit(std::uint64_t owner, bool resumes, Instant now) = 0;
  /// One that was admitted is over, however it ended.
  virtual void on_ended(bool resumes) = 0;
};

}  // namespace handsel::tls
