// What the daemon tells of itself: the block at its start, `handsel info`, the counters.

#include <fmt/format.h>
#include <unistd.h>

#include "daemon.h"
#include "dpdk/clock.h"
#include "engine/crypto_report.h"
#include "engine/runtime_dir.h"
#include "engine/statistics.h"

namespace handsel::apps {
namespace {

std::string listener_text(const engine::ListenerSettings& listener) {
  std::string address = "*";
  if (listener.address) address = listener.address->to_string();
  if (listener.address && !listener.address->is_v4()) address = '[' + address + ']';
  const std::string security = listener.tls.empty() ? "plain TCP" : fmt::format("TLS \"{}\"", listener.tls);
  return fmt::format("{}:{} {} over {}", address, listener.port, listener.service, security);
}

template <class Items>
std::string join_addresses(const Items& items) {
  std::string text;
  for (const auto& item : items) text += fmt::format("{}{}", text.empty() ? "" : " ", item.to_string());
  return text;
}

std::string port_text(const dpdk::Port& port, const engine::PortSettings& settings) {
  std::string text = fmt::format("{} ({}) {} mtu {} {}", port.device(), port.driver(), port.mac().to_string(),
                                 port.mtu(), join_addresses(settings.addresses));
  if (settings.vlan) text += fmt::format(" vlan {}", *settings.vlan);
  return text;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> Daemon::facts() const {
  std::vector<std::pair<std::string, std::string>> facts{
      {"version", HANDSEL_VERSION},
      {"engine", config_.engine.name},
      {"pid", std::to_string(getpid())},
      {"memory",
       fmt::format("{} MiB on {}", config_.engine.memory_mib, eal_->hugepages() ? "hugepages" : "ordinary pages")},
      {"crypto",
       fmt::format("public keys by {}{}, records by {}", kernels_.name,
                   config_.engine.kernels.empty() ? "" : " (as configured)", lanes_.front().assembly->aead_name())}};
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    facts.emplace_back(fmt::format("port {}", i), port_text(*ports_[i], config_.ports[i]));
    if (!ports_[i]->kernel_interface().empty())
      facts.emplace_back(
          fmt::format("port {} kernel", i),
          fmt::format("{} {}", ports_[i]->kernel_interface(), join_addresses(config_.ports[i].kernel_addresses)));
  }
  for (const engine::ListenerSettings& listener : config_.listeners)
    facts.emplace_back("listener", listener_text(listener));
  for (const std::string& certificate : tls_.certificates) facts.emplace_back("certificate", certificate);
  for (std::size_t w = 0; w < lanes_.size(); ++w) {
    const auto& cores = eal_->worker_cores();
    const std::string core = w < cores.size() ? fmt::format("core {}", cores[w]) : "core by lcore map";
    facts.emplace_back(fmt::format("worker {}", w),
                       fmt::format("{}, port {} queue {}", core, lanes_[w].port, lanes_[w].queue));
  }
  for (std::size_t i = 0; i < config_.engine.crypto_cores.size(); ++i)
    facts.emplace_back(fmt::format("crypto {}", i), fmt::format("core {}", config_.engine.crypto_cores[i]));
  facts.emplace_back("control", control_->path().string());
  facts.emplace_back("telemetry", eal_->runtime_folder() + "/dpdk_telemetry.v2");
  return facts;
}

std::string Daemon::report() const {
  std::string text = "handsel\n";
  for (const auto& [name, value] : facts()) text += fmt::format("  {:<14} {}\n", name, value);
  return text;
}

nlohmann::json Daemon::info() const {
  using nlohmann::json;
  json info = {{"version", HANDSEL_VERSION},
               {"engine", config_.engine.name},
               {"pid", getpid()},
               {"uptime_s", static_cast<double>(dpdk::Clock::now().time_since_epoch().count()) / 1e9},
               {"hugepages", eal_->hugepages()},
               {"memory_mib", config_.engine.memory_mib},
               {"kernels", kernels_.name},
               {"aead", lanes_.front().assembly->aead_name()},
               {"workers", lanes_.size()},
               {"cycles_per_second", dpdk::Clock::rate()},
               {"certificates", tls_.certificates},
               {"ports", json::array()},
               {"listeners", json::array()}};
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const dpdk::Port& port = *ports_[i];
    json addresses = json::array();
    for (const wire::IpPrefix& address : config_.ports[i].addresses) addresses.push_back(address.to_string());
    info["ports"].push_back({{"device", port.device()},
                             {"driver", port.driver()},
                             {"mac", port.mac().to_string()},
                             {"mtu", port.mtu()},
                             {"link_up", port.link_up()},
                             {"kernel_interface", port.kernel_interface()},
                             {"addresses", std::move(addresses)},
                             {"offloads",
                              {{"rx_checksums", port.offloads().rx_checksums},
                               {"tx_ip4_checksum", port.offloads().tx_ip4_checksum},
                               {"tx_tcp_checksum", port.offloads().tx_tcp_checksum}}}});
  }
  for (const engine::ListenerSettings& listener : config_.listeners)
    info["listeners"].push_back({{"address", listener.address ? listener.address->to_string() : "*"},
                                 {"port", listener.port},
                                 {"service", listener.service},
                                 {"tls", listener.tls}});
  return info;
}

nlohmann::json Daemon::crypto() const {
  using nlohmann::json;
  const std::vector<const crypto::Stage*> stages = engine::stages_of(views_, crypto_cores_.get());
  const double cycles_since_start = static_cast<double>(dpdk::Clock::now().time_since_epoch().count()) / 1e9 *
                                    static_cast<double>(dpdk::Clock::rate());
  json cores = json::array();
  std::string runs = fmt::format("on the workers themselves, {} of them", lanes_.size());
  for (std::size_t i = 0; crypto_cores_ && i < crypto_cores_->size(); ++i) {
    const std::uint64_t busy = crypto_cores_->statistics(i).busy_cycles.get();
    const double share = static_cast<double>(busy) / cycles_since_start;
    const std::uint16_t core = config_.engine.crypto_cores[i];
    cores.push_back({{"core", core}, {"busy_cycles", busy}, {"busy_share", share}});
    runs = fmt::format("{} {} ({:.1f} % busy)", i == 0 ? "on crypto cores" : runs + ",", core, 100 * share);
  }
  json available = json::array();
  for (const crypto::KernelChoice& each : crypto::available_kernels()) available.push_back(each.name);
  return {{"kernels", kernels_.name},
          {"available", std::move(available)},
          {"forced", !config_.engine.kernels.empty()},
          {"records", lanes_.front().assembly->aead_name()},
          {"runs", std::move(runs)},
          {"cores", std::move(cores)},
          {"cycles_per_second", dpdk::Clock::rate()},
          {"kinds", engine::crypto_kinds(stages)},
          {"banks", engine::crypto_banks(stages)}};
}

engine::NamedGroups Daemon::snapshot() const {
  engine::NamedGroups groups = engine::take_snapshot(views_, crypto_cores_.get());
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    const dpdk::PortStatistics port = ports_[i]->statistics();
    groups.push_back({fmt::format("port_{}", i),
                      {{"rx_frames", port.rx_frames},
                       {"tx_frames", port.tx_frames},
                       {"rx_bytes", port.rx_bytes},
                       {"tx_bytes", port.tx_bytes},
                       {"rx_missed", port.rx_missed},
                       {"rx_errors", port.rx_errors},
                       {"rx_no_buffer", port.rx_no_buffer},
                       {"tx_errors", port.tx_errors},
                       {"buffers_free", port.buffers_free},
                       {"buffers", port.buffers}}});
  }
  std::uint64_t unlinearised = 0, bad_checksum = 0;
  for (const Lane& lane : lanes_) {
    unlinearised += lane.io->statistics().rx_unlinearised.get();
    bad_checksum += lane.io->statistics().rx_bad_checksum.get();
  }
  groups.push_back({"io", {{"rx_unlinearised", unlinearised}, {"rx_bad_checksum", bad_checksum}}});
  const engine::TicketRotation::Statistics& tickets = tickets_->statistics();
  groups.push_back({"ticket_keys",
                    {{"rotations", tickets.rotations.get()},
                     {"failed_reads", tickets.failed_reads.get()},
                     {"waiting", tickets.waiting.get()}}});
  for (std::size_t w = 0; w < lanes_.size(); ++w) {
    if (!lanes_[w].impaired) continue;
    const engine::ImpairmentStatistics& rx = lanes_[w].impaired->received();
    const engine::ImpairmentStatistics& tx = lanes_[w].impaired->transmitted();
    groups.push_back({fmt::format("impair_{}", w),
                      {{"rx_lost", rx.lost.get()},
                       {"rx_duplicated", rx.duplicated.get()},
                       {"rx_reordered", rx.reordered.get()},
                       {"tx_lost", tx.lost.get()},
                       {"tx_duplicated", tx.duplicated.get()},
                       {"tx_reordered", tx.reordered.get()}}});
  }
  return groups;
}

}  // namespace handsel::apps
