#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <thread>

#include "cli.h"
#include "engine/stats_json.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

using nlohmann::json;

double seconds_between(const json& before, const json& now) {
  return (now.value("t_ns", 0.0) - before.value("t_ns", 0.0)) / 1e9;
}

void show(const json& now, const json* before, const StatsOptions& options) {
  if (options.json) {
    fmt::print("{}\n", now.dump());
  } else {
    if (options.watch && isatty(STDOUT_FILENO)) fmt::print("\x1b[H\x1b[2J");
    const bool rates = before != nullptr;
    fmt::print("{}", engine::render_stats(now["groups"], rates ? &(*before)["groups"] : nullptr,
                                          rates ? seconds_between(*before, now) : 0));
  }
  std::fflush(stdout);
}

}  // namespace

int run_stats(const EngineAddress& engine, const StatsOptions& options) {
  auto client = CliClient::connect(engine);
  if (!client) return fail(client.error());
  json before;
  for (;;) {
    auto now = client->ask("stats");
    if (!now) return fail(now.error());
    if (!now->contains("groups"))
      return fail("the engine's answer has no counters: are its version and this one's the same?");
    show(*now, before.is_null() ? nullptr : &before, options);
    if (!options.watch || std::ferror(stdout) != 0) return kSuccess;
    before = std::move(*now);
    std::this_thread::sleep_for(std::chrono::duration<double>(options.interval_s));
  }
}

}  // namespace handsel::apps
