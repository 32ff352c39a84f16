#pragma once
/// A worker as its owner holds it, whatever kind of port it polls.

#include <cstdint>

#include "engine/worker_view.h"
#include "flow/shard.h"

namespace handsel::engine {

/// What the control thread may ask of a worker.
struct Command {
  enum class What : std::uint8_t { none, trace, stop_accepting, let_go } what = What::none;
  flow::TraceRequest trace{};
  const tls::TicketKeys* former_keys = nullptr;  ///< let_go: which are in force no more, and will be freed
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
  /// How many let_go commands the worker has obeyed: whatever had been replaced before one was posted is out of its
  /// hands. Control thread.
  virtual std::uint64_t let_go_done() const = 0;
};

}  // namespace handsel::engine
