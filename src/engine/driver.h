#pragma once
/// What acts on a shard of its own accord, where services only answer to what happens on a connection.

#include "base/time.h"
#include "flow/shard.h"

namespace handsel::engine {

/// Has its turn once a pass of its worker, between what was received and what is sent: there it may call
/// Shard::connect(), wake() and cut(). Worker thread; it must not block.
class Driver {
 public:
  virtual ~Driver() = default;
  /// True when it did anything: the pass then counts as busy.
  virtual bool drive(flow::Shard& shard, Instant now) = 0;
};

}  // namespace handsel::engine
