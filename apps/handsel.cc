/// The operator's command.

#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>

#include "cli.h"
#include "exit_code.h"

namespace {

using namespace handsel::apps;

constexpr const char* kFooter =
    "Exit codes: 0 done; 1 no engine answers, or the request failed; 2 a configuration or the command line has faults.";

void add_stats(CLI::App& app, const EngineAddress& engine, std::function<int()>& chosen) {
  auto* command = app.add_subcommand("stats", "counters: packets, connections, handshakes, drops by reason");
  auto options = std::make_shared<StatsOptions>();
  command->add_flag("--json", options->json, "one JSON object (with --watch: one a line)");
  command->add_flag("--watch", options->watch, "again and again, with rates, until interrupted");
  command->add_option("--interval", options->interval_s, "seconds between two readings")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str();
  command->callback(
      [&chosen, &engine, options] { chosen = [&engine, options] { return run_stats(engine, *options); }; });
}

void add_trace(CLI::App& app, const EngineAddress& engine, std::function<int()>& chosen) {
  auto* command = app.add_subcommand("trace", "draw the handshakes of the next connections");
  auto options = std::make_shared<TraceOptions>();
  auto format = std::make_shared<std::string>("text");
  command->add_option("--count", options->count, "how many connections")
      ->check(CLI::Range(1, 100))
      ->capture_default_str();
  command->add_option("--format", *format, "text: a ladder; json: an object a line")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  command->add_option("--timeout", options->timeout_s, "seconds to wait; what is still open is then drawn so far")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  command->add_option("--src", options->source, "only of clients in this network, like 10.0.0.0/8");
  command->callback([&chosen, &engine, options, format] {
    options->json = *format == "json";
    chosen = [&engine, options] { return run_trace(engine, *options); };
  });
}

void add_info(CLI::App& app, const EngineAddress& engine, std::function<int()>& chosen) {
  auto* command = app.add_subcommand("info", "what runs: version, ports, listeners, certificates, workers");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "one JSON object");
  command->callback([&chosen, &engine, json] { chosen = [&engine, json] { return run_info(engine, *json); }; });
}

void add_crypto(CLI::App& app, const EngineAddress& engine, std::function<int()>& chosen) {
  auto* command =
      app.add_subcommand("crypto", "public-key work: kernels, and by kind of operation lanes filled, cycles, waits");
  auto json = std::make_shared<bool>(false);
  command->add_flag("--json", *json, "one JSON object");
  command->callback([&chosen, &engine, json] { chosen = [&engine, json] { return run_crypto(engine, *json); }; });
}

void add_check(CLI::App& app, std::function<int()>& chosen) {
  auto* command = app.add_subcommand("check", "check a configuration without starting: file:line:column of each fault");
  auto file = std::make_shared<std::string>();
  command->add_option("FILE", *file, "TOML file")->required();
  command->callback([&chosen, file] { chosen = [file] { return run_check(*file); }; });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("handsel: look at a running handseld, and check its configuration", "handsel");
  app.footer(kFooter);
  app.set_version_flag("--version", "handsel " HANDSEL_VERSION);
  app.require_subcommand(1);
  app.fallthrough();
  EngineAddress engine;
  app.add_option("--runtime-dir", engine.runtime_dir, "folder of the engine's sockets");
  app.add_option("--name", engine.name, "the engine's name")->capture_default_str();
  std::function<int()> chosen;
  add_stats(app, engine, chosen);
  add_trace(app, engine, chosen);
  add_info(app, engine, chosen);
  add_crypto(app, engine, chosen);
  app.add_subcommand("ready", "exit 0 when the engine takes connections")->callback([&] {
    chosen = [&engine] { return run_ready(engine); };
  });
  add_check(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kBadConfig;
  }
  std::signal(SIGPIPE, SIG_DFL);
  return chosen();
}
