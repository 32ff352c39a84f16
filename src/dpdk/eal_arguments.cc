#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "dpdk/eal.h"

namespace handsel::dpdk {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;

std::uint64_t read_number(const std::filesystem::path& file) {
  std::ifstream stream(file);
  std::uint64_t value = 0;
  stream >> value;
  return stream ? value : 0;
}

/// Sum over every page size; the folders are called hugepages-2048kB and the like.
std::uint64_t free_hugepages() {
  std::uint64_t bytes = 0;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/sys/kernel/mm/hugepages", ignored)) {
    const std::string name = entry.path().filename();
    const std::size_t dash = name.find('-');
    if (dash == std::string::npos) continue;
    std::uint64_t page_kib = 0;
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), page_kib);
    bytes += page_kib * 1024 * read_number(entry.path() / "free_hugepages");
  }
  return bytes;
}

/// The main lcore sleeps, so it may share every core; each worker is pinned to its own.
std::string lcore_map(const std::vector<std::uint16_t>& cores, const Machine& machine) {
  std::string map = fmt::format("0@({})", fmt::join(machine.cores, ","));
  for (std::size_t i = 0; i < cores.size(); ++i) map += fmt::format(",{}@{}", i + 1, cores[i]);
  return map;
}

}  // namespace

Machine probe_machine() {
  Machine machine;
  machine.free_hugepage_bytes = free_hugepages();
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) {
    for (std::uint16_t core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &allowed)) machine.cores.push_back(core);
  }
  if (machine.cores.empty()) machine.cores.push_back(0);
  return machine;
}

std::vector<std::uint16_t> choose_cores(const EalSettings& settings, const Machine& machine) {
  if (!settings.worker_cores.empty()) return settings.worker_cores;
  // From the last core down, because the kernel and its interrupts favour the first ones.
  std::vector<std::uint16_t> left;
  std::ranges::copy_if(machine.cores, std::back_inserter(left), [&](std::uint16_t core) {
    return std::ranges::find(settings.crypto_cores, core) == settings.crypto_cores.end();
  });
  if (left.empty()) left = machine.cores;
  std::vector<std::uint16_t> cores;
  for (std::size_t i = 0; i < settings.workers; ++i) cores.push_back(left[left.size() - 1 - i % left.size()]);
  std::reverse(cores.begin(), cores.end());
  return cores;
}

std::vector<std::string> eal_arguments(const EalSettings& settings, const Machine& machine) {
  std::vector<std::string> arguments{"handseld", "--file-prefix", settings.prefix, "--log-level", "warning"};
  const auto add = [&](std::initializer_list<std::string> more) { arguments.insert(arguments.end(), more); };
  if (machine.free_hugepage_bytes >= settings.memory_mib * kMiB)
    add({"--in-memory"});
  else
    add({"--no-huge", "-m", std::to_string(settings.memory_mib)});
  if (settings.pci_devices.empty()) add({"--no-pci"});
  for (const std::string& device : settings.pci_devices) add({"-a", device});
  std::vector<std::uint16_t> cores = choose_cores(settings, machine);
  cores.insert(cores.end(), settings.crypto_cores.begin(), settings.crypto_cores.end());
  add({"--lcores", settings.lcores.empty() ? lcore_map(cores, machine) : settings.lcores});
  return arguments;
}

}  // namespace handsel::dpdk
