#include <fmt/format.h>

#include <ctime>

#include "cli.h"
#include "engine/assembly.h"
#include "engine/config.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

int tell(const std::vector<engine::Fault>& faults, const std::string& file) {
  for (const engine::Fault& fault : faults) fmt::print(stderr, "{}\n", to_string(fault, file));
  return kBadConfig;
}

}  // namespace

int run_check(const std::string& file) {
  const auto config = engine::load_config(file);
  if (!config) return tell(config.error(), file);
  if (const auto faults = check_machine(*config); !faults.empty()) return tell(faults, file);
  crypto::KeyStore keys;
  const auto tls = engine::load_tls(*config, keys, std::time(nullptr));
  if (!tls) return tell(tls.error(), file);
  for (const engine::Fault& warning : tls->warnings) fmt::print(stderr, "warning: {}\n", to_string(warning, file));
  fmt::print("{}: in order: {} port{}, {} listener{}\n", file, config->ports.size(),
             config->ports.size() == 1 ? "" : "s", config->listeners.size(), config->listeners.size() == 1 ? "" : "s");
  for (const std::string& certificate : tls->certificates) fmt::print("  certificate {}\n", certificate);
  return kSuccess;
}

}  // namespace handsel::apps
