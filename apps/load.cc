/// The load generator: the engine as a client.

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <ctime>
#include <nlohmann/json.hpp>

#include "load_options.h"
#include "load_run.h"

namespace handsel::apps {
namespace {

enum LoadExit : int { kAllWell = 0, kSomeFailed = 1, kBadUsage = 2, kNoEngine = 3 };

int run(const LoadOptions& options) {
  auto order = read(options, std::time(nullptr));
  if (!order) {
    fmt::print(stderr, "handsel-load: {}\n", order.error());
    return kBadUsage;
  }
  const engine::LoadFacts facts{.version = HANDSEL_VERSION,
                                .target = options.url,
                                .mode = order->mode,
                                .connections = options.connections,
                                .rate = options.rate,
                                .tls = order->plan.tls.full != nullptr};
  const bool syns = order->syns;
  auto run = LoadRun::start(std::move(*order));
  if (!run) {
    fmt::print(stderr, "handsel-load: {}\n", run.error());
    return kNoEngine;
  }
  (*run)->wait(options.progress || isatty(STDERR_FILENO) != 0);
  const engine::NamedGroups counters = (*run)->counters();
  if (syns) {
    const engine::SynResult result = (*run)->syn_result();
    fmt::print("{}",
               options.json ? syns_json(facts, result, counters).dump() + "\n" : render_syns(facts, result, counters));
    return result.good() ? kAllWell : kSomeFailed;
  }
  const engine::LoadResult result = (*run)->result();
  if (options.json)
    fmt::print("{}\n", load_json(facts, result, counters).dump());
  else
    fmt::print("{}", render_load(facts, result, counters));
  return result.good() ? kAllWell : kSomeFailed;
}

}  // namespace
}  // namespace handsel::apps

int main(int argc, char** argv) {
  using namespace handsel::apps;
  CLI::App app("handsel-load: load a server over TCP and TLS from user space, on DPDK", "handsel-load");
  app.set_version_flag("--version", "handsel " HANDSEL_VERSION);
  LoadOptions options;
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kAllWell : kBadUsage;
  }
  // Standard output is for the report alone.
  spdlog::set_default_logger(spdlog::stderr_color_mt("handsel-load"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
  return run(options);
}
