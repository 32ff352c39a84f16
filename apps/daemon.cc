#include "daemon.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "dpdk/clock.h"
#include "dpdk/device_name.h"
#include "engine/runtime_dir.h"
#include "engine/statistics.h"
#include "engine/worker.h"
#include "exit_code.h"

namespace handsel::apps {
namespace {

constexpr engine::Clock kClock{&dpdk::Clock::now, &dpdk::Clock::cycles};
constexpr Duration kDrainCheck = std::chrono::milliseconds(20);

StartFailure as_failure(const dpdk::Error& error) {
  return {error.kind == dpdk::Error::Kind::rights ? kNoRights : kFailure, error.message};
}

template <engine::PacketIo Io>
std::unique_ptr<engine::WorkerHandle> make_worker(Io& io, flow::Shard& shard) {
  return std::make_unique<engine::Worker<Io>>(io, shard, kClock);
}

/// Signals come as readable bytes. Blocked before any thread exists, so that every thread inherits it.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

}  // namespace

std::expected<std::unique_ptr<Daemon>, StartFailure> Daemon::start(engine::Config config, engine::TlsConfigs tls,
                                                                   std::unique_ptr<crypto::KeyStore> keys,
                                                                   std::filesystem::path config_file) {
  std::unique_ptr<Daemon> daemon(new Daemon);
  daemon->config_ = std::move(config);
  daemon->config_file_ = std::move(config_file);
  daemon->tls_ = std::move(tls);
  daemon->keys_ = std::move(keys);
  daemon->signals_ = open_signals();
  if (daemon->signals_ < 0) return std::unexpected(StartFailure{kFailure, "no descriptor for signals"});
  const auto kernels = crypto::choose_kernels(daemon->config_.engine.kernels);
  if (!kernels) return std::unexpected(StartFailure{kFailure, kernels.error()});
  daemon->kernels_ = *kernels;
  for (const auto step : {&Daemon::open_control, &Daemon::start_dpdk, &Daemon::open_ports, &Daemon::start_workers})
    if (auto done = (daemon.get()->*step)(); !done) return std::unexpected(done.error());
  daemon->start_rotation();
  daemon->register_commands();
  return daemon;
}

Daemon::~Daemon() {
  telemetry_.reset();  // its threads read what goes next
  for (Lane& lane : lanes_)
    if (lane.worker) lane.worker->stop();
  if (crypto_cores_) crypto_cores_->stop();
  if (eal_) eal_->wait();
  lanes_.clear();
  if (signals_ >= 0) ::close(signals_);
}

std::expected<void, StartFailure> Daemon::open_control() {
  const auto runtime = engine::runtime_dir(config_.engine.runtime_dir);
  auto control = engine::ControlSocket::open(engine::runtime_paths(runtime, config_.engine.name).control);
  if (!control) return std::unexpected(StartFailure{kFailure, control.error()});
  control_ = std::make_unique<engine::ControlSocket>(std::move(*control));
  return {};
}

std::expected<void, StartFailure> Daemon::start_dpdk() {
  dpdk::EalSettings settings{.prefix = engine::dpdk_prefix(config_.engine.name),
                             .runtime_dir = engine::runtime_dir(config_.engine.runtime_dir),
                             .memory_mib = config_.engine.memory_mib,
                             .workers = config_.engine.worker_count,
                             .worker_cores = config_.engine.worker_cores,
                             .crypto_cores = config_.engine.crypto_cores,
                             .lcores = config_.engine.lcores,
                             .pci_devices = {}};
  for (const engine::PortSettings& port : config_.ports)
    if (dpdk::parse_device(port.device).pci) settings.pci_devices.push_back(port.device);
  auto eal = dpdk::Eal::start(settings);
  if (!eal) return std::unexpected(as_failure(eal.error()));
  eal_ = std::make_unique<dpdk::Eal>(std::move(*eal));
  dpdk::Clock::start();
  if (!eal_->hugepages())
    spdlog::warn("fewer than {} MiB of hugepages are free: ordinary pages serve, at some cost in speed",
                 config_.engine.memory_mib);
  return {};
}

std::expected<void, StartFailure> Daemon::open_ports() {
  for (std::size_t i = 0; i < config_.ports.size(); ++i) {
    const engine::PortSettings& settings = config_.ports[i];
    auto port = dpdk::Port::open({.device = settings.device,
                                  .queues = config_.workers_of(i),
                                  .mtu = settings.mtu,
                                  .kernel_addresses = settings.kernel_addresses});
    if (!port) return std::unexpected(as_failure(port.error()));
    for (const std::string& warning : port->warnings()) spdlog::warn("{}", warning);
    if (const auto& impairment = settings.impairment)
      spdlog::warn("{} is impaired, as only tests want it: {} of frames lost, {} repeated, {} reordered",
                   settings.device, impairment->loss, impairment->duplicate, impairment->reorder);
    ports_.push_back(std::make_unique<dpdk::Port>(std::move(*port)));
  }
  return {};
}

std::expected<void, StartFailure> Daemon::start_workers() {
  const Instant now = dpdk::Clock::now();
  if (const std::size_t cores = config_.engine.crypto_cores.size(); cores != 0)
    crypto_cores_ = std::make_unique<engine::CryptoCores>(cores, config_.engine.worker_count, kernels_, *keys_, kClock,
                                                          config_.crypto.bank);
  for (std::uint16_t w = 0; w < config_.engine.worker_count; ++w) {
    Lane lane{.port = w % ports_.size(), .queue = static_cast<std::uint16_t>(w / ports_.size())};
    dpdk::Port& port = *ports_[lane.port];
    const engine::PortFacts facts{.mac = port.mac(),
                                  .mtu = port.mtu(),
                                  .offload = {port.offloads().tx_ip4_checksum, port.offloads().tx_tcp_checksum}};
    lane.io = port.queue(lane.queue);
    lane.assembly = std::make_unique<engine::ShardAssembly>(config_, lane.port, w, facts, tls_, kernels_, *keys_,
                                                            &dpdk::Clock::cycles, now, engine::CheapClient{},
                                                            crypto_cores_ ? &crypto_cores_->of_worker(w) : nullptr);
    if (auto impairment = config_.ports[lane.port].impairment) {
      impairment->seed += w;
      lane.impaired = std::make_unique<engine::ImpairedIo<dpdk::BurstIo>>(*lane.io, *impairment);
      lane.worker = make_worker(*lane.impaired, lane.assembly->shard());
    } else {
      lane.worker = make_worker(*lane.io, lane.assembly->shard());
    }
    views_.push_back(lane.worker->view());
    lanes_.push_back(std::move(lane));
  }
  for (std::size_t w = 0; w < lanes_.size(); ++w)
    if (!eal_->launch(w, [worker = lanes_[w].worker.get()] { worker->run(); }))
      return std::unexpected(StartFailure{kFailure, fmt::format("DPDK gave no lcore to worker {}", w)});
  for (std::size_t i = 0; crypto_cores_ && i < crypto_cores_->size(); ++i)
    if (!eal_->launch(lanes_.size() + i, [cores = crypto_cores_.get(), i] { cores->run(i); }))
      return std::unexpected(StartFailure{kFailure, fmt::format("DPDK gave no lcore to crypto core {}", i)});
  return {};
}

void Daemon::start_rotation() {
  std::vector<engine::WorkerHandle*> workers;
  for (const Lane& lane : lanes_) workers.push_back(lane.worker.get());
  const auto tell = [](const std::string& line, bool failure) {
    failure ? spdlog::error("{}", line) : spdlog::info("{}", line);
  };
  tickets_ =
      std::make_unique<engine::TicketRotation>(config_, tls_, std::move(workers), entropy_, tell, dpdk::Clock::now());
}

void Daemon::register_commands() {
  using nlohmann::json;
  std::vector<TracedWorker> traced;
  for (Lane& lane : lanes_)
    traced.push_back({&lane.worker->shard().tracer(), [worker = lane.worker.get()](const flow::TraceRequest& request) {
                        return worker->post({engine::Command::What::trace, request});
                      }});
  traces_ = std::make_unique<TraceDesk>(std::move(traced));
  control_->handle("stats", [this](const json&) {
    return json{{"t_ns", dpdk::Clock::now().time_since_epoch().count()},
                {"tsc_hz", dpdk::Clock::rate()},
                {"groups", engine::to_json(snapshot())}};
  });
  control_->handle("info", [this](const json&) { return info(); });
  control_->handle("crypto", [this](const json&) { return crypto(); });
  control_->handle("ready", [this](const json&) {
    return json{{"ready", stage_ == Stage::serving}, {"draining", stage_ == Stage::draining}};
  });
  control_->handle("trace", [this](const json& arguments) { return traces_->start(arguments); });
  control_->handle("trace-take", [this](const json& arguments) { return traces_->take(arguments); });
  telemetry_ = std::make_unique<dpdk::Telemetry>(
      dpdk::TelemetrySources{.stats = [this] { return snapshot(); }, .info = [this] { return facts(); }});
}

void Daemon::run() {
  while (stage_ != Stage::stopped) {
    pollfd waits[] = {{signals_, POLLIN, 0}, {control_->fd(), POLLIN, 0}};
    // net_tap's driver sends itself a signal for every packet, which lands here and means nothing to us.
    if (::poll(waits, std::size(waits), poll_timeout_ms()) >= 0) {
      control_->serve(dpdk::Clock::now());
      on_signal();
    }
    tickets_->run(dpdk::Clock::now());
    if (stage_ == Stage::draining && drained()) stage_ = Stage::stopped;
  }
}

int Daemon::poll_timeout_ms() const {
  const Instant now = dpdk::Clock::now();
  Instant next = std::min(control_->next_deadline(), tickets_->next_deadline());
  if (stage_ == Stage::draining) next = std::min(next, now + kDrainCheck);
  if (next == kNever) return -1;
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(std::max(next - now, Duration::zero())).count();
  return static_cast<int>(std::min<std::int64_t>(wait, 60'000));
}

void Daemon::on_signal() {
  signalfd_siginfo signal{};
  while (::read(signals_, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGHUP) {
      tickets_->read_files_now();
      check_config_again();
    } else if (stage_ == Stage::serving) {
      begin_drain();
    } else {
      stage_ = Stage::stopped;  // asked twice: at once
    }
  }
}

void Daemon::check_config_again() const {
  if (config_file_.empty()) return spdlog::info("SIGHUP: there is no configuration file to read again");
  const auto read = engine::load_config(config_file_);
  if (read) return spdlog::info("SIGHUP: {} is in order; it takes effect at the next start", config_file_.string());
  for (const engine::Fault& fault : read.error()) spdlog::error("{}", to_string(fault, config_file_.string()));
}

void Daemon::begin_drain() {
  stage_ = Stage::draining;
  drain_until_ = dpdk::Clock::now() + config_.limits.drain_timeout;
  spdlog::info("draining: no new connections, those that are open have {} s",
               std::chrono::duration_cast<std::chrono::seconds>(config_.limits.drain_timeout).count());
  for (Lane& lane : lanes_) lane.worker->post({.what = engine::Command::What::stop_accepting});
}

bool Daemon::drained() const {
  if (dpdk::Clock::now() >= drain_until_) return true;
  return std::all_of(views_.begin(), views_.end(), [](const engine::WorkerView& view) {
    return view.shard->statistics().tcp.flows.get() == 0;  // TIME-WAIT is no flow any more
  });
}

}  // namespace handsel::apps
