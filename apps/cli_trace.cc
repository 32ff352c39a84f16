#include <fmt/format.h>

#include <chrono>
#include <thread>

#include "cli.h"
#include "engine/ladder.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kAskAgain = std::chrono::milliseconds(50);

/// Prints what `answer` brings, at most `wanted` traces; gives how many, and moves `after` past them.
std::expected<std::uint32_t, std::string> print_traces(const json& answer, std::uint32_t wanted, bool as_json,
                                                       std::uint64_t& after) {
  const auto ladders = engine::ladders_from_json(answer);
  if (!ladders) return std::unexpected(ladders.error());
  std::uint32_t printed = 0;
  for (std::size_t i = 0; i < ladders->size() && printed < wanted; ++i) {
    const engine::Ladder& ladder = (*ladders)[i];
    if (as_json)
      fmt::print("{}\n", answer["traces"][i].dump());
    else
      fmt::print("{}\n", engine::render_ladder(ladder));
    after = std::max(after, ladder.id);
    ++printed;
  }
  std::fflush(stdout);
  return printed;
}

}  // namespace

int run_trace(const EngineAddress& engine, const TraceOptions& options) {
  auto client = CliClient::connect(engine);
  if (!client) return fail(client.error());
  json request{{"count", options.count}};
  if (!options.source.empty()) request["source"] = options.source;
  const auto started = client->ask("trace", request);
  if (!started) return fail(started.error());
  std::uint64_t after = started->value("after", std::uint64_t{0});
  fmt::print(stderr, "recording the next {}; waiting up to {} s\n",
             options.count == 1 ? "connection" : fmt::format("{} connections", options.count), options.timeout_s);

  const auto deadline =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.timeout_s));
  std::uint32_t printed = 0;
  bool flushed = false;
  while (printed < options.count) {
    const bool late = Clock::now() >= deadline;
    // At the deadline, connections that are still open hand over what they have so far.
    const auto answer = client->ask("trace-take", {{"after", after}, {"flush", late && !flushed}});
    if (!answer) return fail(answer.error());
    const auto count = print_traces(*answer, options.count - printed, options.json, after);
    if (!count) return fail(count.error());
    printed += *count;
    if (late && flushed) break;
    flushed = late;
    if (printed < options.count) std::this_thread::sleep_for(kAskAgain);
  }
  if (printed == 0)
    return fail(fmt::format("no connection was made within {} s{}", options.timeout_s,
                            options.source.empty() ? "" : " from " + options.source));
  return kSuccess;
}

}  // namespace handsel::apps
