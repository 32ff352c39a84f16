#include "engine/runtime_dir.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace handsel::engine {

std::filesystem::path runtime_dir(std::string_view wanted) {
  if (!wanted.empty()) return wanted;
  if (geteuid() == 0 && ::access("/run", W_OK) == 0) return "/run";
  // The convention for programs of a user (XDG Base Directory Specification).
  if (const char* user = std::getenv("XDG_RUNTIME_DIR"); user != nullptr && *user != '\0') return user;
  return fmt::format("/tmp/handsel-{}", geteuid());
}

RuntimePaths runtime_paths(const std::filesystem::path& runtime_dir, std::string_view name) {
  return {.control = runtime_dir / "handsel" / name / "control.sock",
          .telemetry = runtime_dir / "dpdk" / dpdk_prefix(name) / "dpdk_telemetry.v2"};
}

std::string dpdk_prefix(std::string_view name) { return fmt::format("handsel-{}", name); }

}  // namespace handsel::engine
