#include "load_run.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "crypto/random.h"
#include "dpdk/clock.h"
#include "dpdk/device_name.h"
#include "engine/runtime_dir.h"
#include "engine/statistics.h"
#include "engine/syn_worker.h"
#include "engine/worker.h"

namespace handsel::apps {
namespace {

constexpr engine::Clock kClock{&dpdk::Clock::now, &dpdk::Clock::cycles};
constexpr int kLookEveryMs = 20;
constexpr Duration kProgressEvery = std::chrono::seconds(1);

// Signals come as readable bytes. Blocked before any thread exists, so that every thread inherits it.
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&set, signal);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

}  // namespace

std::expected<std::unique_ptr<LoadRun>, std::string> LoadRun::start(LoadOrder order) {
  std::unique_ptr<LoadRun> run(new LoadRun);
  run->order_ = std::move(order);
  run->signals_ = open_signals();
  if (run->signals_ < 0) return std::unexpected("no descriptor for signals");
  const auto kernels = crypto::choose_kernels();
  if (!kernels) return std::unexpected(kernels.error());
  run->kernels_ = *kernels;
  for (const auto step : {&LoadRun::start_dpdk, &LoadRun::open_port, &LoadRun::start_workers})
    if (auto done = (run.get()->*step)(); !done) return std::unexpected(done.error());
  return run;
}

LoadRun::~LoadRun() {
  for (Lane& lane : lanes_)
    if (lane.worker) lane.worker->stop();
  if (eal_) eal_->wait();
  lanes_.clear();
  port_.reset();
  eal_.reset();
  // The folder bears our process id: nobody will come back to it.
  std::error_code ignored;
  if (!runtime_folder_.empty()) std::filesystem::remove_all(runtime_folder_, ignored);
  if (signals_ >= 0) ::close(signals_);
}

std::expected<void, std::string> LoadRun::start_dpdk() {
  const engine::EngineSettings& wanted = order_.config.engine;
  dpdk::EalSettings settings{.prefix = engine::dpdk_prefix(wanted.name),
                             .runtime_dir = engine::runtime_dir(wanted.runtime_dir),
                             .memory_mib = wanted.memory_mib,
                             .workers = wanted.worker_count,
                             .worker_cores = wanted.worker_cores,
                             .lcores = {},
                             .pci_devices = {}};
  std::error_code ignored;  // DPDK says so itself when it finds no folder
  std::filesystem::create_directories(settings.runtime_dir, ignored);
  const engine::PortSettings& port = order_.config.ports.front();
  if (dpdk::parse_device(port.device).pci) settings.pci_devices.push_back(port.device);
  auto eal = dpdk::Eal::start(settings);
  if (!eal) return std::unexpected(eal.error().message);
  eal_ = std::make_unique<dpdk::Eal>(std::move(*eal));
  runtime_folder_ = eal_->runtime_folder();
  dpdk::Clock::start();
  return {};
}

std::expected<void, std::string> LoadRun::open_port() {
  const engine::PortSettings& settings = order_.config.ports.front();
  auto port = dpdk::Port::open({.device = settings.device,
                                .queues = order_.config.engine.worker_count,
                                .mtu = settings.mtu,
                                .kernel_addresses = settings.kernel_addresses});
  if (!port) return std::unexpected(port.error().message);
  for (const std::string& warning : port->warnings()) spdlog::warn("{}", warning);
  port_ = std::make_unique<dpdk::Port>(std::move(*port));
  return {};
}

std::expected<void, std::string> LoadRun::start_workers() {
  const Instant now = dpdk::Clock::now();
  const std::uint16_t workers = order_.config.engine.worker_count;
  const engine::PortFacts facts{.mac = port_->mac(),
                                .mtu = port_->mtu(),
                                .offload = {port_->offloads().tx_ip4_checksum, port_->offloads().tx_tcp_checksum}};
  engine::TlsConfigs tls;
  const engine::LoadPlan& plan = order_.plan;
  if (plan.tls.full != nullptr) tls.client_sessions = engine::session_memory(plan.tls, plan.connections);
  SipKey syn_key;
  crypto::SystemEntropy().fill({reinterpret_cast<std::uint8_t*>(syn_key.data()), sizeof syn_key});
  for (std::uint16_t w = 0; w < workers; ++w) {
    Lane lane{.io = port_->queue(w)};
    lane.assembly = std::make_unique<engine::ShardAssembly>(order_.config, 0, w, facts, tls, kernels_, *order_.keys,
                                                            &dpdk::Clock::cycles, now, plan.tls.cheap);
    add_worker(lane, w, now, syn_key);
    lanes_.push_back(std::move(lane));
  }
  for (std::size_t w = 0; w < lanes_.size(); ++w)
    if (!eal_->launch(w, [worker = lanes_[w].worker.get()] { worker->run(); }))
      return std::unexpected(fmt::format("DPDK gave no lcore to worker {}", w));
  return {};
}

// On the port, or on what makes faults between.
void LoadRun::add_worker(Lane& lane, std::uint16_t index, Instant now, const SipKey& syn_key) {
  const engine::LoadPlan& plan = order_.plan;
  const std::uint16_t workers = order_.config.engine.worker_count;
  flow::Shard& shard = lane.assembly->shard();
  const auto add = [&]<engine::PacketIo Io>(Io& io) {
    if (order_.syns) {
      lane.syns = std::make_unique<engine::SynGenerator>(plan, shard.config().vlan, shard.config().offload, syn_key,
                                                         index, workers);
      auto worker = std::make_unique<engine::SynWorker<Io>>(io, shard, kClock, *lane.syns, plan.address);
      lane.done = [worker = worker.get()] { return worker->done(); };
      lane.end = [worker = worker.get()] { worker->finish(); };
      lane.worker = std::move(worker);
    } else {
      lane.driver = std::make_unique<engine::LoadDriver>(plan, index, workers, now);
      lane.done = [driver = lane.driver.get()] { return driver->done(); };
      lane.end = [driver = lane.driver.get()] { driver->stop(); };
      lane.worker = std::make_unique<engine::Worker<Io>>(io, shard, kClock, lane.driver.get());
    }
  };
  auto impairment = order_.config.ports.front().impairment;
  if (!impairment) return add(*lane.io);
  impairment->seed += index;
  lane.impaired = std::make_unique<engine::ImpairedIo<dpdk::BurstIo>>(*lane.io, *impairment);
  add(*lane.impaired);
}

bool LoadRun::done() const {
  return std::ranges::all_of(lanes_, [](const Lane& lane) { return lane.done(); });
}

// True when somebody asks for the end.
bool LoadRun::take_signals() const {
  signalfd_siginfo signal{};
  bool asked = false;
  while (::read(signals_, &signal, sizeof signal) == sizeof signal) asked = true;
  return asked;
}

void LoadRun::wait(bool progress) {
  const Instant start = dpdk::Clock::now();
  Instant shown = start;
  engine::LoadResult before = result();
  engine::SynResult syns_before = syn_result();
  while (!done()) {
    pollfd signals{.fd = signals_, .events = POLLIN, .revents = 0};
    // net_tap's driver sends itself a signal for every packet, which lands here and means nothing to us.
    ::poll(&signals, 1, kLookEveryMs);
    if (take_signals())
      for (Lane& lane : lanes_) lane.end();
    const Instant now = dpdk::Clock::now();
    if (!progress || now - shown < kProgressEvery) continue;
    const engine::LoadResult current = result();
    const engine::SynResult syns = syn_result();
    const double since_start = seconds(now - start);
    const double between = seconds(now - shown);
    fmt::print(stderr, "{}\n",
               order_.syns ? render_syn_progress(syns_before, syns, since_start, between)
                           : render_progress(before, current, since_start, between));
    shown = now;
    before = current;
    syns_before = syns;
  }
}

engine::LoadResult LoadRun::result() const {
  std::vector<const service::LoadStatistics*> workers;
  for (const Lane& lane : lanes_)
    if (lane.driver) workers.push_back(&lane.driver->statistics());
  return engine::LoadResult::of(workers);
}

engine::SynResult LoadRun::syn_result() const {
  std::vector<const engine::SynStatistics*> workers;
  for (const Lane& lane : lanes_)
    if (lane.syns) workers.push_back(&lane.syns->statistics());
  return engine::SynResult::of(workers);
}

engine::NamedGroups LoadRun::counters() const {
  std::vector<engine::WorkerView> views;
  for (const Lane& lane : lanes_) views.push_back(lane.worker->view());
  return engine::take_snapshot(views);
}

}  // namespace handsel::apps
