#include "trace_desk.h"

#include <fmt/format.h>

#include "engine/trace_json.h"

namespace handsel::apps {
namespace {

using nlohmann::json;

/// A whole number of at most `most`, or `otherwise` when the member is missing.
std::expected<std::uint64_t, std::string> number_in(const json& arguments, const char* name, std::uint64_t otherwise,
                                                    std::uint64_t most) {
  const auto member = arguments.find(name);
  if (member == arguments.end()) return otherwise;
  if (!member->is_number_unsigned() || member->get<std::uint64_t>() > most)
    return std::unexpected(fmt::format("\"{}\" is to be a whole number of at most {}", name, most));
  return member->get<std::uint64_t>();
}

}  // namespace

std::expected<json, std::string> TraceDesk::start(const json& arguments) {
  const auto count = number_in(arguments, "count", 1, kMaxCount);
  if (!count) return std::unexpected(count.error());
  flow::TraceRequest request{.count = static_cast<std::uint32_t>(*count)};
  if (const auto source = arguments.find("source"); source != arguments.end()) {
    const auto prefix = source->is_string() ? wire::IpPrefix::parse(source->get<std::string>()) : std::nullopt;
    if (!prefix) return std::unexpected("\"source\" is to be a network like \"10.0.0.0/8\"");
    request.source = *prefix;
  }
  collect();
  for (const TracedWorker& worker : workers_)
    if (!worker.ask(request)) return std::unexpected("a worker is too busy to be asked; try again");
  return json{{"after", last_id_}};
}

std::expected<json, std::string> TraceDesk::take(const json& arguments) {
  const auto after = number_in(arguments, "after", 0, ~0ull);
  if (!after) return std::unexpected(after.error());
  const auto flush = arguments.find("flush");
  if (flush != arguments.end() && flush->is_boolean() && flush->get<bool>())
    for (const TracedWorker& worker : workers_) worker.ask({.count = 0, .flush = true});
  collect();
  json found = json::array();
  for (const json& trace : traces_)
    if (trace["id"].get<std::uint64_t>() > *after) found.push_back(trace);
  return json{{"traces", std::move(found)}};
}

void TraceDesk::collect() {
  for (const TracedWorker& worker : workers_) {
    while (flow::TraceRecord* record = worker.tracer->take_finished()) {
      traces_.push_back(engine::to_json(*record, ++last_id_));
      worker.tracer->release(record);
      if (traces_.size() > kKept) traces_.pop_front();
    }
  }
}

}  // namespace handsel::apps
