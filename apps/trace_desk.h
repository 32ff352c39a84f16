#pragma once
/// Recorded handshakes between the workers that make them and the operators who ask. Control thread.

#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "flow/trace.h"

namespace handsel::apps {

/// A worker, as far as traces go.
struct TracedWorker {
  flow::Tracer* tracer = nullptr;
  std::function<bool(const flow::TraceRequest&)> ask;  ///< false: its queue of commands is full
};

class TraceDesk {
 public:
  explicit TraceDesk(std::vector<TracedWorker> workers) : workers_(std::move(workers)) {}

  /// `trace`: {"count", "source"} has the next connections recorded. Answers {"after": id}: what is recorded from now
  /// on has a larger id.
  std::expected<nlohmann::json, std::string> start(const nlohmann::json& arguments);
  /// `trace-take`: {"after", "flush"} answers {"traces": [...]} of larger ids; with "flush" the workers hand over
  /// what they are still recording, to be found by the next call.
  std::expected<nlohmann::json, std::string> take(const nlohmann::json& arguments);

 private:
  static constexpr std::size_t kKept = 128;
  static constexpr std::uint32_t kMaxCount = 1'000;
  void collect();

  std::vector<TracedWorker> workers_;
  std::deque<nlohmann::json> traces_;
  std::uint64_t last_id_ = 0;
};

}  // namespace handsel::apps
