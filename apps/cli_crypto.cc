#include <fmt/format.h>

#include "cli.h"
#include "engine/crypto_report.h"
#include "exit_code.h"

namespace handsel::apps {

int run_crypto(const EngineAddress& engine, bool as_json) {
  auto client = CliClient::connect(engine);
  if (!client) return fail(client.error());
  const auto answer = client->ask("crypto");
  if (!answer) return fail(answer.error());
  if (!answer->contains("kinds"))
    return fail("the engine's answer has no operations: are its version and this one's the same?");
  if (as_json)
    fmt::print("{}\n", answer->dump());
  else
    fmt::print("{}", engine::render_crypto(*answer));
  return kSuccess;
}

}  // namespace handsel::apps
