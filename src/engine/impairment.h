#pragma once
/// How badly a port is to treat its frames, for tests of what TCP makes of it.

#include <cstdint>

namespace handsel::engine {

/// Probabilities, 0 to 1, that a frame has this fate; drawn for each frame, received or transmitted, on its own.
struct Impairment {
  double loss = 0;
  double duplicate = 0;
  double reorder = 0;      ///< held back behind the next few frames
  std::uint64_t seed = 1;  ///< the same seed and the same frames have the same fates
};

}  // namespace handsel::engine
