/// A shim for BoringSSL's test runner: drives this engine over a socket to the runner, as the runner's flags say.

#include <chrono>
#include <cstdio>

#include "connection.h"

namespace {

using namespace handsel::bogo;

std::expected<void, Stop> connect_once(Engine& engine, const Options& options, bool resumes) {
  if (options.server) {
    const auto config = server_config(options, engine.keys, engine.ticket_keys);
    if (!config) return std::unexpected(config.error());
    auto socket = Socket::connect(options);
    if (!socket) return std::unexpected(socket.error());
    return Connection(engine, options, *config, std::move(*socket)).run(resumes);
  }
  const auto config = client_config(options, engine.keys);
  if (!config) return std::unexpected(config.error());
  auto socket = Socket::connect(options);
  if (!socket) return std::unexpected(socket.error());
  return Connection(engine, options, *config, std::move(*socket)).run(resumes);
}

std::expected<void, Stop> run(const CommandLine& line) {
  Engine engine;
  for (unsigned i = 0; i <= line.initial.resume_count; ++i) {
    const Options& options = i == 0 ? line.initial : line.resume;
    if (const auto outcome = connect_once(engine, options, i != 0); !outcome) return outcome;
    engine.now += std::chrono::seconds(options.resumption_delay_seconds);
  }
  return {};
}

int exit_with(const Stop& stop) {
  std::fprintf(stderr, "%s\n", stop.reason.c_str());
  return stop.exit_status;
}

int shim(std::span<char* const> arguments) {
  const auto line = parse(arguments);
  if (!line) return exit_with(line.error());
  // No second program takes over in the middle of a handshake.
  if (line->initial.asks_for_handshaker) {
    std::puts("No");
    return kExitPassed;
  }
  const auto outcome = run(*line);
  return outcome ? kExitPassed : exit_with(outcome.error());
}

}  // namespace

int main(int count, char** values) {
  const int status = shim({values + 1, static_cast<std::size_t>(count - 1)});
  // What follows this line is a sanitizer's, not ours: the runner takes it for a fault.
  std::fputs("--- DONE ---\n", stderr);
  return status;
}
