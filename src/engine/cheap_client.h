#pragma once
/// What a load generator may spare itself, so that not its own cost is what is measured. The server notices nothing,
/// and does all of its work. For nothing else: who spares either has no secret from anybody on the way.

#include <cstdint>

#include "crypto/stage.h"

namespace handsel::engine {

struct CheapClient {
  bool signatures = false;  ///< the server's signature is taken for good without a look
  bool keys = false;  ///< the same X25519 key pair for every connection, chosen so that an agreement costs nothing
};

/// `honest` with the rows replaced that are spared.
crypto::KernelTable cheapened(crypto::KernelTable honest, CheapClient what);

}  // namespace handsel::engine
