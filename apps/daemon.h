#pragma once
/// The engine assembled: DPDK, ports, workers, and the control thread's loop.

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "crypto/kernels.h"
#include "crypto/key_store.h"
#include "dpdk/burst_io.h"
#include "dpdk/eal.h"
#include "dpdk/port.h"
#include "dpdk/telemetry.h"
#include "engine/assembly.h"
#include "engine/config.h"
#include "engine/control_socket.h"
#include "engine/crypto_cores.h"
#include "engine/impaired_io.h"
#include "engine/ticket_rotation.h"
#include "engine/worker_handle.h"
#include "trace_desk.h"

namespace handsel::apps {

/// Why the daemon did not start, and what it exits with.
struct StartFailure {
  int exit_code = 1;
  std::string message;
};

class Daemon {
 public:
  /// From a checked configuration and loaded certificates to running workers. The main lcore's thread.
  static std::expected<std::unique_ptr<Daemon>, StartFailure> start(engine::Config config, engine::TlsConfigs tls,
                                                                    std::unique_ptr<crypto::KeyStore> keys,
                                                                    std::filesystem::path config_file);
  ~Daemon();

  /// What was started, for people: a block of lines.
  std::string report() const;
  /// Serves the control socket and signals until the engine has drained.
  void run();

 private:
  // What one worker drives. Freed only after its thread has returned.
  struct Lane {
    std::size_t port;
    std::uint16_t queue;
    std::unique_ptr<dpdk::BurstIo> io;
    std::unique_ptr<engine::ImpairedIo<dpdk::BurstIo>> impaired;  // only where faults are configured
    std::unique_ptr<engine::ShardAssembly> assembly;
    std::unique_ptr<engine::WorkerHandle> worker;
  };
  enum class Stage : std::uint8_t { serving, draining, stopped };

  Daemon() = default;
  std::expected<void, StartFailure> open_control();
  std::expected<void, StartFailure> start_dpdk();
  std::expected<void, StartFailure> open_ports();
  std::expected<void, StartFailure> start_workers();
  void register_commands();
  void start_rotation();

  void on_signal();
  void check_config_again() const;
  void begin_drain();
  bool drained() const;
  int poll_timeout_ms() const;

  engine::NamedGroups snapshot() const;
  nlohmann::json info() const;
  nlohmann::json crypto() const;
  std::vector<std::pair<std::string, std::string>> facts() const;

  engine::Config config_;
  std::filesystem::path config_file_;
  engine::TlsConfigs tls_;
  std::unique_ptr<crypto::KeyStore> keys_;
  crypto::KernelChoice kernels_;
  int signals_ = -1;
  Stage stage_ = Stage::serving;
  Instant drain_until_{};
  // In the order in which they are made; they go the other way.
  std::unique_ptr<engine::ControlSocket> control_;
  std::unique_ptr<dpdk::Eal> eal_;
  std::vector<std::unique_ptr<dpdk::Port>> ports_;
  std::unique_ptr<engine::CryptoCores> crypto_cores_;  // null: each worker computes for itself
  std::vector<Lane> lanes_;
  std::vector<engine::WorkerView> views_;
  std::unique_ptr<TraceDesk> traces_;
  crypto::SystemEntropy entropy_;
  std::unique_ptr<engine::TicketRotation> tickets_;
  std::unique_ptr<dpdk::Telemetry> telemetry_;
};

}  // namespace handsel::apps
