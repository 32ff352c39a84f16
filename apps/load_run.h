#pragma once
/// A load run: the engine brought up as a client, watched, and taken down again.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "dpdk/burst_io.h"
#include "dpdk/eal.h"
#include "dpdk/port.h"
#include "engine/assembly.h"
#include "engine/impaired_io.h"
#include "engine/load_driver.h"
#include "engine/load_report.h"
#include "engine/syn_generator.h"
#include "engine/syn_report.h"
#include "engine/worker_handle.h"
#include "load_options.h"

namespace handsel::apps {

class LoadRun {
 public:
  /// From an order to workers that open connections. The error is a sentence. The main lcore's thread.
  static std::expected<std::unique_ptr<LoadRun>, std::string> start(LoadOrder order);
  ~LoadRun();

  /// Until everything has ended, or a signal asked for it. With `progress`, a line each second on standard error.
  void wait(bool progress);
  engine::LoadResult result() const;
  /// Of --mode syn.
  engine::SynResult syn_result() const;
  /// The engine's own counters, and the port's.
  engine::NamedGroups counters() const;

 private:
  // What one worker drives.
  struct Lane {
    std::unique_ptr<dpdk::BurstIo> io;
    std::unique_ptr<engine::ImpairedIo<dpdk::BurstIo>> impaired;  // only where faults are wanted
    std::unique_ptr<engine::ShardAssembly> assembly;
    std::unique_ptr<engine::LoadDriver> driver;
    std::unique_ptr<engine::SynGenerator> syns;  // in place of the driver, with --mode syn
    std::unique_ptr<engine::WorkerHandle> worker;
    std::function<bool()> done;
    std::function<void()> end;  // at once
  };

  LoadRun() = default;
  std::expected<void, std::string> start_dpdk();
  std::expected<void, std::string> open_port();
  std::expected<void, std::string> start_workers();
  void add_worker(Lane& lane, std::uint16_t index, Instant now, const SipKey& syn_key);
  bool done() const;
  bool take_signals() const;

  LoadOrder order_;
  crypto::KernelChoice kernels_;
  int signals_ = -1;
  std::filesystem::path runtime_folder_;
  // In the order in which they are made; they go the other way.
  std::unique_ptr<dpdk::Eal> eal_;
  std::unique_ptr<dpdk::Port> port_;
  std::vector<Lane> lanes_;
};

}  // namespace handsel::apps
