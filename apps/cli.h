#pragma once
/// The rooms of `handsel`: one function a subcommand, each giving the exit code.

#include <cstdint>
#include <string>

#include "cli_client.h"

namespace handsel::apps {

struct StatsOptions {
  bool json = false;
  bool watch = false;
  double interval_s = 1;
};
int run_stats(const EngineAddress& engine, const StatsOptions& options);

struct TraceOptions {
  std::uint32_t count = 1;
  double timeout_s = 10;
  std::string source;
  bool json = false;
};
int run_trace(const EngineAddress& engine, const TraceOptions& options);

int run_info(const EngineAddress& engine, bool json);
int run_crypto(const EngineAddress& engine, bool json);
int run_ready(const EngineAddress& engine);
int run_check(const std::string& file);

}  // namespace handsel::apps
