#include <fmt/format.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "crypto/kernels.h"
#include "engine/config.h"

namespace handsel::engine {
namespace {

void check_readable(const std::filesystem::path& file, Position at, std::vector<Fault>& faults) {
  if (::access(file.c_str(), R_OK) != 0)
    faults.push_back({at, fmt::format("{} can't be read: {}", file.string(), std::strerror(errno))});
}

void check_cores(const EngineSettings& engine, std::vector<Fault>& faults) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  const auto check = [&](std::uint16_t core, Position at) {
    if (core >= CPU_SETSIZE || !CPU_ISSET(core, &allowed))
      faults.push_back(
          {at, fmt::format("there is no core {} that this process may use; it has {}", core, CPU_COUNT(&allowed))});
  };
  for (const std::uint16_t core : engine.worker_cores) check(core, engine.worker_cores_at);
  for (std::size_t i = 0; i < engine.crypto_cores.size(); ++i) check(engine.crypto_cores[i], engine.crypto_cores_at[i]);
}

void check_kernels(const EngineSettings& engine, std::vector<Fault>& faults) {
  if (const auto chosen = crypto::choose_kernels(engine.kernels); !chosen)
    faults.push_back({engine.kernels_at, chosen.error()});
}

void check_memory(const EngineSettings& engine, std::vector<Fault>& faults) {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page_bytes = sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page_bytes <= 0) return;
  const auto machine_mib = static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page_bytes) / (1024 * 1024);
  if (engine.memory_mib > machine_mib)
    faults.push_back({engine.memory_at, fmt::format("memory_mib = {} is more than the machine's {} MiB",
                                                    engine.memory_mib, machine_mib)});
}

}  // namespace

std::vector<Fault> check_machine(const Config& config) {
  std::vector<Fault> faults;
  check_cores(config.engine, faults);
  check_memory(config.engine, faults);
  check_kernels(config.engine, faults);
  for (const TlsSettings& tls : config.tls) {
    for (const CertificateFiles& files : tls.certificates) {
      check_readable(files.chain, files.chain_at, faults);
      check_readable(files.key, files.key_at, faults);
      if (!files.ocsp.empty()) check_readable(files.ocsp, files.ocsp_at, faults);
    }
    if (!tls.client_ca.empty()) check_readable(tls.client_ca, tls.client_ca_at, faults);
    if (!tls.ticket_keys.empty()) check_readable(tls.ticket_keys, tls.ticket_keys_at, faults);
  }
  return faults;
}

}  // namespace handsel::engine
