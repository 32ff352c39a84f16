#pragma once
/// Where a shard's frames go. Worker thread only.

#include <cstddef>

#include "base/bytes.h"

namespace handsel::flow {

/// The sending side of a port, as a shard sees it: one frame at a time is begun, written and committed.
class FrameSink {
 public:
  /// A buffer of at least `bytes` for one frame, or an empty view when none is left. A frame that was
  /// begun and not committed is forgotten at the next begin().
  virtual MutableBytes begin(std::size_t bytes) = 0;
  /// The first `bytes` of the buffer are a whole frame; it leaves with the burst.
  virtual void commit(std::size_t bytes) = 0;

 protected:
  ~FrameSink() = default;
};

}  // namespace handsel::flow
