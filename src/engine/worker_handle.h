#pragma once
/// A worker as its owner holds it, whatever kind of port it polls.

#include <cstdint>

#include "engine/worker_view.h"
#include "flow/shard.h"

namespace handsel::engine {

/// What the control thread may ask of a worker.
struct Command {
  enum class What : std::uint8_t { none, trace, stop_accepting } what = What::none;
  flow::TraceRequest trace{};
};

/// Nothing here is called on the data path: run() is entered once and stays.
class WorkerHandle {
 public:
  virtual ~WorkerHandle() = default;
  /// Polls until stop() is called. Worker thread.
  virtual void run() = 0;
  /// Any thread.
  virtual void stop() = 0;
  /// Control thread; false when too many commands wait.
  virtual bool post(Command command) = 0;
  virtual WorkerView view() const = 0;
  virtual flow::Shard& shard() = 0;
};

}  // namespace handsel::engine
