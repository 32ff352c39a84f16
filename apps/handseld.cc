/// The engine as a daemon.

#include <fmt/format.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string>

#include "daemon.h"
#include "engine/assembly.h"
#include "engine/config.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

constexpr const char* kFooter =
    "Without a file: a net_tap port handsel0 at 10.77.0.2/24 and fd77::2/64, https on 443, http on 80, a certificate\n"
    "made at start, one worker.\n\n"
    "Signals: SIGTERM and SIGINT drain (a second one stops at once), SIGHUP checks the file again\n"
    "and reads files of ticket keys.\n\n"
    "Exit codes: 0 done; 1 failed at run time; 2 the configuration or the command line has faults; 3 a right is\n"
    "lacking, the message says which.";

struct Options {
  std::string file;
  std::string runtime_dir;
  std::string name;
  bool check = false;
};

void tell(const std::vector<engine::Fault>& faults, const std::string& file) {
  for (const engine::Fault& fault : faults) fmt::print(stderr, "{}\n", to_string(fault, file));
}

int run(const Options& options) {
  const std::string file = options.file.empty() ? "defaults" : options.file;
  auto config = options.file.empty() ? engine::default_config() : engine::load_config(options.file);
  if (!config) return tell(config.error(), file), kBadConfig;
  if (!options.runtime_dir.empty()) config->engine.runtime_dir = options.runtime_dir;
  if (!options.name.empty()) config->engine.name = options.name;
  if (const auto faults = check_machine(*config); !faults.empty()) return tell(faults, file), kBadConfig;
  auto keys = std::make_unique<crypto::KeyStore>();
  auto tls = engine::load_tls(*config, *keys, std::time(nullptr));
  if (!tls) return tell(tls.error(), file), kBadConfig;
  for (const engine::Fault& warning : tls->warnings) fmt::print(stderr, "warning: {}\n", to_string(warning, file));
  if (options.check) return fmt::print("{}: in order\n", file), kSuccess;

  spdlog::set_level(spdlog::level::from_str(config->engine.log));
  auto daemon = Daemon::start(std::move(*config), std::move(*tls), std::move(keys), options.file);
  if (!daemon) {
    spdlog::error("{}", daemon.error().message);
    return daemon.error().exit_code;
  }
  fmt::print("{}ready\n", (*daemon)->report());
  std::fflush(stdout);
  (*daemon)->run();
  spdlog::info("stopped");
  return kSuccess;
}

}  // namespace
}  // namespace handsel::apps

int main(int argc, char** argv) {
  using namespace handsel::apps;
  CLI::App app("handseld: TCP and TLS terminated in user space on DPDK", "handseld");
  app.footer(kFooter);
  app.set_version_flag("--version", "handsel " HANDSEL_VERSION);
  Options options;
  app.add_option("CONFIG", options.file, "TOML file; without one the defaults below");
  app.add_flag("--check", options.check, "check the configuration and exit");
  app.add_option("--runtime-dir", options.runtime_dir, "folder for sockets, in place of [engine] runtime_dir");
  app.add_option("--name", options.name, "the engine's name, in place of [engine] name")
      ->check(CLI::Validator(
          [](std::string& name) {
            const bool plain =
                name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") ==
                std::string::npos;
            return plain && !name.empty() && name.size() <= 32 ? "" : "1 to 32 letters, digits, '-' or '_'";
          },
          "NAME"));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kSuccess : kBadConfig;
  }
  // Standard output is for the report alone.
  spdlog::set_default_logger(spdlog::stderr_color_mt("handseld"));
  spdlog::set_pattern("%Y-%m-%d %H:%M:%S.%e %l: %v");
  return run(options);
}
