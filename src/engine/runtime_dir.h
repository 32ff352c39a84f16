#pragma once
/// Where an engine and its operator's command meet in the file system.

#include <filesystem>
#include <string>
#include <string_view>

namespace handsel::engine {

/// The sockets of the engine called `name` under one runtime folder.
struct RuntimePaths {
  std::filesystem::path control;    ///< <runtime dir>/handsel/<name>/control.sock
  std::filesystem::path telemetry;  ///< <runtime dir>/dpdk/handsel-<name>/dpdk_telemetry.v2, made by DPDK
};

/// The runtime folder: `wanted` when it is not empty, else /run for root when that is writable, else
/// `$XDG_RUNTIME_DIR`, else /tmp/handsel-<uid>.
std::filesystem::path runtime_dir(std::string_view wanted);

RuntimePaths runtime_paths(const std::filesystem::path& runtime_dir, std::string_view name);

/// What DPDK calls its --file-prefix.
std::string dpdk_prefix(std::string_view name);

}  // namespace handsel::engine
