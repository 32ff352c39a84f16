#include "dpdk/eal.h"

#include <fmt/format.h>
#include <rte_config.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_log.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "dpdk/log_capture.h"

namespace handsel::dpdk {
namespace {

Error start_failure(int code, const EalSettings& settings, const std::string& log) {
  switch (code) {
    case EACCES:
    case EPERM:
      return {Error::Kind::rights,
              fmt::format("DPDK may not start: {}. Run as root, or let the user write the runtime folder "
                          "(runtime_dir in [engine], or --runtime-dir)",
                          log)};
    case ENOMEM:
      return {Error::Kind::memory,
              fmt::format("DPDK got no memory: {}. It was asked for {} MiB: lower memory_mib in [engine], free memory, "
                          "or reserve hugepages",
                          log, settings.memory_mib)};
    default:
      return {Error::Kind::internal, fmt::format("DPDK did not start ({}): {}", rte_strerror(code), log)};
  }
}

int run_work(void* work) {
  (*static_cast<std::function<void()>*>(work))();
  return 0;
}

}  // namespace

std::expected<Eal, Error> Eal::start(const EalSettings& settings) {
  const Machine machine = probe_machine();
  std::vector<std::string> arguments = eal_arguments(settings, machine);
  std::vector<char*> raw;
  for (std::string& argument : arguments) raw.push_back(argument.data());
  // DPDK has no argument for its runtime folder, only this variable.
  if (!settings.runtime_dir.empty()) setenv("RUNTIME_DIRECTORY", settings.runtime_dir.c_str(), 1);

  {
    const LogCapture log;
    if (rte_eal_init(static_cast<int>(raw.size()), raw.data()) < 0)
      return std::unexpected(start_failure(rte_errno, settings, log.summary()));
  }

  Eal eal;
  eal.hugepages_ = std::find(arguments.begin(), arguments.end(), "--no-huge") == arguments.end();
  if (settings.lcores.empty()) eal.cores_ = choose_cores(settings, machine);
  unsigned lcore = 0;
  RTE_LCORE_FOREACH_WORKER(lcore) eal.lcores_.push_back(lcore);
  if (eal.lcores_.size() < settings.workers + settings.crypto_cores.size()) {
    return std::unexpected(
        Error{Error::Kind::device,
              fmt::format("lcores = \"{}\" gives {} worker lcores besides the main one, and {} workers are configured",
                          settings.lcores, eal.lcores_.size(), settings.workers)});
  }
  eal.work_.resize(eal.lcores_.size());
  return eal;
}

Eal::Eal(Eal&& other) noexcept
    : alive_(std::exchange(other.alive_, false)),
      hugepages_(other.hugepages_),
      cores_(std::move(other.cores_)),
      lcores_(std::move(other.lcores_)),
      work_(std::move(other.work_)) {}

Eal::~Eal() {
  if (!alive_) return;
  wait();
  rte_eal_cleanup();
}

std::string Eal::runtime_folder() const { return rte_eal_get_runtime_dir(); }

bool Eal::launch(std::size_t index, std::function<void()> work) {
  if (index >= lcores_.size() || rte_eal_get_lcore_state(lcores_[index]) != WAIT) return false;
  work_[index] = std::move(work);
  return rte_eal_remote_launch(run_work, &work_[index], lcores_[index]) == 0;
}

void Eal::wait() { rte_eal_mp_wait_lcore(); }

}  // namespace handsel::dpdk
