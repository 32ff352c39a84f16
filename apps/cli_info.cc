#include <fmt/format.h>

#include "cli.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

using nlohmann::json;

std::string as_text(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// A member a line; a list of objects as a line each.
void print_members(const json& info) {
  for (const auto& [name, value] : info.items()) {
    if (!value.is_array()) {
      fmt::print("{:<18} {}\n", name, as_text(value));
      continue;
    }
    for (const json& element : value) {
      std::string line;
      if (element.is_object())
        for (const auto& [key, member] : element.items())
          line += fmt::format("{}{}={}", line.empty() ? "" : " ", key, as_text(member));
      else
        line = as_text(element);
      fmt::print("{:<18} {}\n", name, line);
    }
  }
}

}  // namespace

int run_info(const EngineAddress& engine, bool as_json) {
  auto client = CliClient::connect(engine);
  if (!client) return fail(client.error());
  const auto info = client->ask("info");
  if (!info) return fail(info.error());
  if (as_json)
    fmt::print("{}\n", info->dump());
  else
    print_members(*info);
  return kSuccess;
}

int run_ready(const EngineAddress& engine) {
  auto client = CliClient::connect(engine);
  if (!client) return fail(client.error());
  const auto answer = client->ask("ready");
  if (!answer) return fail(answer.error());
  if (!answer->value("ready", false)) return fail("the engine is draining");
  fmt::print("ready\n");
  return kSuccess;
}

}  // namespace handsel::apps
