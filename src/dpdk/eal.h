#pragma once
/// DPDK's environment abstraction layer: started once, torn down by RAII. Control thread (the main lcore).

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <vector>

#include "dpdk/error.h"

namespace handsel::dpdk {

/// What the environment is started with.
struct EalSettings {
  std::string prefix = "handsel-default";  ///< --file-prefix
  std::string runtime_dir;                 ///< where DPDK makes its folder dpdk/<prefix>; empty: its own choice
  std::uint32_t memory_mib = 256;
  std::uint16_t workers = 1;
  std::vector<std::uint16_t> worker_cores;  ///< one a worker; empty: chosen among those that we may use
  std::vector<std::uint16_t> crypto_cores;  ///< processors for themselves; launched as the workers behind the last
  std::string lcores;                       ///< --lcores as the operator wrote it; empty: built from the cores
  std::vector<std::string> pci_devices;     ///< the only ones that are touched
};

/// What the machine has, as far as the arguments depend on it.
struct Machine {
  std::uint64_t free_hugepage_bytes = 0;
  std::vector<std::uint16_t> cores;  ///< that this process may run on, ascending
};
Machine probe_machine();

/// Cores for workers: as set, else the last ones that the machine has and crypto leaves (several workers share when
/// there are too few).
std::vector<std::uint16_t> choose_cores(const EalSettings& settings, const Machine& machine);
/// The arguments for rte_eal_init, the program's name first. `--in-memory` when the hugepages suffice, else `--no-huge`
/// (DPDK refuses the two together).
std::vector<std::string> eal_arguments(const EalSettings& settings, const Machine& machine);

/// Lives from start() to its destruction; one a process, and once only: DPDK can't be started again.
class Eal {
 public:
  static std::expected<Eal, Error> start(const EalSettings& settings);
  Eal(Eal&& other) noexcept;
  Eal& operator=(Eal&&) = delete;
  ~Eal();

  /// False when it runs on ordinary pages.
  bool hugepages() const { return hugepages_; }
  /// The cores that the workers run on, in their order; empty when the operator gave an lcore map.
  const std::vector<std::uint16_t>& worker_cores() const { return cores_; }
  /// How many workers and crypto cores can be launched.
  std::size_t workers() const { return lcores_.size(); }
  /// DPDK's own runtime folder, in which its telemetry socket lies.
  std::string runtime_folder() const;

  /// Runs `work` on the lcore of worker `index` until it returns. False when that lcore is busy or does not exist.
  bool launch(std::size_t index, std::function<void()> work);
  /// Until every launched worker has returned.
  void wait();

 private:
  Eal() = default;
  bool alive_ = true;
  bool hugepages_ = false;
  std::vector<std::uint16_t> cores_;
  std::vector<unsigned> lcores_;
  std::vector<std::function<void()>> work_;
};

}  // namespace handsel::dpdk
