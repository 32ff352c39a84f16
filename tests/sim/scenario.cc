#include "scenario.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>

namespace handsel::sim {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kShare = 8;
#else
constexpr std::uint64_t kShare = 1;
#endif
constexpr std::uint64_t kSecondsBetweenNotes = 60;

std::optional<std::uint64_t> number_from(const char* name) {
  const char* text = std::getenv(name);
  if (!text) return std::nullopt;
  return std::strtoull(text, nullptr, 10);
}

std::string test_name() {
  const auto* test = testing::UnitTest::GetInstance()->current_test_info();
  return std::string(test->test_suite_name()) + "." + test->name();
}

std::string how_to_replay(std::uint64_t seed) {
  return "seed " + std::to_string(seed) + "; replay with HANDSEL_SIM_SEED=" + std::to_string(seed) +
         " HANDSEL_SIM_PCAP=FILE sim --gtest_filter=" + test_name();
}

// An assertion that fails in the engine ends the program: it, too, must say in which world.
char now_running[256];
void on_abort(int) {
  [[maybe_unused]] const auto written = write(STDERR_FILENO, now_running, std::string_view(now_running).size());
}
void announce(std::uint64_t seed) {
  std::snprintf(now_running, sizeof now_running, "aborted in %s\n", how_to_replay(seed).c_str());
  std::signal(SIGABRT, on_abort);
}

std::string pcap_path(std::uint64_t seed) {
  if (const char* wanted = std::getenv("HANDSEL_SIM_PCAP")) return wanted;
  const std::string name = "sim-" + test_name() + "-" + std::to_string(seed) + ".pcap";
  return std::filesystem::is_directory("meson-logs") ? "meson-logs/" + name : name;
}

void show(const Trial& trial, std::uint64_t seed) {
  const std::string path = pcap_path(seed);
  if (trial.recorder().write_pcap(path))
    std::printf("%s: the server's port in %s\n", test_name().c_str(), path.c_str());
  else
    ADD_FAILURE() << "cannot write " << path;
  if (number_from("HANDSEL_SIM_SEED")) std::fputs(trial.recorder().ladders().c_str(), stdout);
}

bool run_one(std::uint64_t seed, const OneWorld& make, Duration patience) {
  announce(seed);
  const auto trial = make(seed);
  const std::string wrong = trial->run(patience);
  EXPECT_EQ(wrong, "") << "at " << trial->world().now().time_since_epoch().count() << " ns in " << how_to_replay(seed);
  if (!wrong.empty() || std::getenv("HANDSEL_SIM_PCAP")) show(*trial, seed);
  return wrong.empty();
}

}  // namespace

void run_seeds(std::uint64_t count, const OneWorld& make, Duration patience) {
  if (const auto one = number_from("HANDSEL_SIM_SEED")) {
    run_one(*one, make, patience);
    return;
  }
  const auto wanted = number_from("HANDSEL_SIM_SEEDS");
  count = wanted ? *wanted : std::max<std::uint64_t>(count / kShare, 5);
  const std::uint64_t first = number_from("HANDSEL_SIM_FIRST").value_or(1);
  auto noted = std::chrono::steady_clock::now();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!run_one(first + i, make, patience)) return;
    const auto clock = std::chrono::steady_clock::now();
    if (clock - noted < std::chrono::seconds(kSecondsBetweenNotes)) continue;
    noted = clock;
    std::printf("%s: %llu of %llu seeds\n", test_name().c_str(), static_cast<unsigned long long>(i + 1),
                static_cast<unsigned long long>(count));
    std::fflush(stdout);
  }
}

OneWorld worlds_of(const Setting& setting) {
  return [setting](std::uint64_t seed) {
    flow::ShardConfig server = server_config(setting.cookies);
    server.limits.flows = server.limits.half_open = server.limits.time_wait = 32;  // all are looked at after each event
    auto trial = std::make_unique<Trial>(seed, server, setting.core_takes);
    World& world = trial->world();
    for (int i = 1; i <= setting.clients; ++i) {
      const Instant opens = Instant(std::chrono::milliseconds(world.random() % 50));
      const bool ipv6 = world.random() % 2 == 0;
      const ClientConfig config{.id = static_cast<std::uint16_t>(i),
                                .port = setting.port,
                                .ipv6 = ipv6,
                                .tcp = client_tcp(ipv6),
                                .iss = static_cast<std::uint32_t>(world.random()),
                                .opens_at = opens};
      trial->add_client(config, setting.script(world), {setting.link, setting.link});
    }
    return trial;
  };
}

}  // namespace handsel::sim
