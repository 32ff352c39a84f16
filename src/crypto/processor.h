#pragma once
/// Whoever computes a worker's public-key operations: its own stage, or crypto cores behind rings.

#include <cstddef>

#include "base/time.h"
#include "crypto/operation.h"

namespace handsel::crypto {

/// Used by the worker's thread alone. A call costs nothing beside what it asks for.
class Processor {
 public:
  virtual ~Processor() = default;
  /// Takes the operation in: its status is `waiting`, or `done` when it is finished already and not held. False (and
  /// counted) when there is no room for one more of its kind.
  virtual bool submit(Operation& operation, Instant now) = 0;
  /// Takes an operation out again, for an owner that goes away: afterwards nothing refers to it. False when it is not
  /// held.
  virtual bool cancel(Operation& operation) = 0;
  /// Once a pass of the worker; `idle`: its receive came back empty. True when there was anything to do.
  virtual bool run(Instant now, bool idle) = 0;
  /// The next finished operation, or nullptr. Its owner's coroutine may then be resumed.
  virtual Operation* take_completed() = 0;
  /// Operations that were taken in and are not finished.
  virtual std::size_t waiting() const = 0;
  /// When run() has work at the latest; kNever when nothing of the worker's own is due.
  virtual Instant next_deadline() const = 0;
};

}  // namespace handsel::crypto
