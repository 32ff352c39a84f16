#include <algorithm>

#include "engine/config_sections.h"

namespace handsel::engine {
namespace {

constexpr std::uint16_t kMinMtuIpv6 = 1'280;  // RFC 8200 5

bool is_ours(const Config& config, const wire::IpAddress& address) {
  return std::any_of(config.ports.begin(), config.ports.end(), [&](const PortSettings& port) {
    return std::any_of(port.addresses.begin(), port.addresses.end(),
                       [&](const wire::IpPrefix& prefix) { return prefix.address == address; });
  });
}

void check_port(const Config& config, const PortSettings& port, ReadContext& context) {
  const auto within = [&](const wire::IpAddress& address) {
    return std::any_of(port.addresses.begin(), port.addresses.end(),
                       [&](const wire::IpPrefix& prefix) { return prefix.contains(address); });
  };
  for (const wire::IpAddress& gateway : port.gateways) {
    if (is_ours(config, gateway))
      context.fault(port.at, "gateway {} is one of our own addresses", gateway.to_string());
    else if (!within(gateway) && !gateway.is_link_local() && !port.addresses.empty())
      context.fault(port.at, "gateway {} is in none of the port's networks", gateway.to_string());
  }
  for (const wire::IpPrefix& kernel : port.kernel_addresses)
    if (is_ours(config, kernel.address))
      context.fault(port.at, "{} can't be both ours and the kernel's", kernel.address.to_string());
  if (!port.kernel_addresses.empty() && !port.device.starts_with("net_tap"))
    context.fault(port.at, "kernel_addresses belong to a net_tap device, and this is {}", port.device);
  const bool ipv6 = std::any_of(port.addresses.begin(), port.addresses.end(),
                                [](const wire::IpPrefix& prefix) { return !prefix.address.is_v4(); });
  if (ipv6 && port.mtu < kMinMtuIpv6)
    context.fault(port.at, "an MTU of {} is too small for IPv6, which asks for {}", port.mtu, kMinMtuIpv6);
  const std::uint16_t workers = config.workers_of(static_cast<std::size_t>(&port - config.ports.data()));
  if (port.queues != 0 && port.queues != workers)
    context.fault(port.at, "{} queues for {} workers: every queue needs a worker, and every worker a queue",
                  port.queues, workers);
}

/// Two ports may not be the same device, nor have an address in common.
void check_port_pair(const PortSettings& one, const PortSettings& other, ReadContext& context) {
  const auto name = [](const PortSettings& port) { return port.device.substr(0, port.device.find(',')); };
  if (!other.device.empty() && name(one) == name(other))
    context.fault(other.at, "device {} is there twice, first on line {}", name(other), one.at.line);
  for (const wire::IpPrefix& a : one.addresses)
    for (const wire::IpPrefix& b : other.addresses)
      if (a.address == b.address)
        context.fault(other.at, "address {} is there twice, first on line {}", a.address.to_string(), one.at.line);
}

void check_listener(const Config& config, const ListenerSettings& listener, ReadContext& context) {
  if (!listener.tls.empty() && config.find_tls(listener.tls) == nullptr) {
    std::vector<std::string_view> names;
    for (const TlsSettings& tls : config.tls) names.push_back(tls.name);
    context.fault(listener.at, "there is no [tls.{}]{}", listener.tls,
                  names.empty() ? "; write one" : suggestion(listener.tls, names));
  }
  if (listener.address && !is_ours(config, *listener.address))
    context.fault(listener.at, "address {} is not among any port's addresses", listener.address->to_string());
}

void check_tls(const TlsSettings& tls, ReadContext& context) {
  const bool asks = tls.client_certificates != "none";
  if (asks && tls.client_ca.empty())
    context.fault(tls.at, "client_certificates = \"{}\" needs client_ca: who vouches for them",
                  tls.client_certificates);
  if (!asks && !tls.client_ca.empty())
    context.fault(tls.client_ca_at,
                  "client_ca has no effect: no client is asked; "
                  "set client_certificates to \"request\" or \"require\"");
}

void check_tickets(const TlsSettings& tls, ReadContext& context) {
  const bool rotates = tls.ticket_rotation.count() != 0;
  if (!tls.tickets && !tls.ticket_keys.empty())
    context.fault(tls.ticket_keys_at, "ticket_keys has no effect: tickets = false");
  if (!tls.tickets && tls.early_data != 0)
    context.fault(tls.early_data_at, "early_data has no effect: tickets = false");
  if (!tls.tickets && rotates)
    context.fault(tls.ticket_rotation_at, "ticket_rotation has no effect: tickets = false");
  else if (!tls.ticket_keys.empty() && rotates)
    context.fault(tls.ticket_rotation_at,
                  "ticket_rotation has no effect: the keys change when the file of ticket_keys does");
}

void check_crypto_cores(const EngineSettings& engine, ReadContext& context) {
  for (std::size_t i = 0; i < engine.crypto_cores.size(); ++i) {
    const std::uint16_t core = engine.crypto_cores[i];
    if (std::ranges::find(engine.worker_cores, core) != engine.worker_cores.end())
      context.fault(engine.crypto_cores_at[i], "core {} is a worker's already: a crypto core needs one of its own",
                    core);
  }
  if (!engine.crypto_cores.empty() && !engine.lcores.empty())
    context.fault(engine.lcores_at, "lcores is a whole map, and leaves no say to crypto: one of the two must go");
}

bool overlap(const ListenerSettings& one, const ListenerSettings& other) {
  return one.port == other.port && one.port != 0 && one.address == other.address;
}

}  // namespace

void check_together(const Config& config, ReadContext& context) {
  if (config.ports.empty()) context.fault({}, "there is no [[port]]: nothing could come in");
  if (config.engine.worker_count < config.ports.size())
    context.fault({}, "{} ports and {} workers: each port needs a worker of its own", config.ports.size(),
                  config.engine.worker_count);
  check_crypto_cores(config.engine, context);
  if (config.listeners.empty()) context.fault({}, "there is no [[listener]]: nothing would be answered");
  for (auto port = config.ports.begin(); port != config.ports.end(); ++port) {
    check_port(config, *port, context);
    for (auto before = config.ports.begin(); before != port; ++before) check_port_pair(*before, *port, context);
  }
  for (const TlsSettings& tls : config.tls) {
    check_tls(tls, context);
    check_tickets(tls, context);
  }
  for (auto listener = config.listeners.begin(); listener != config.listeners.end(); ++listener) {
    check_listener(config, *listener, context);
    for (auto before = config.listeners.begin(); before != listener; ++before)
      if (overlap(*before, *listener))
        context.fault(listener->at, "port {} is there twice, first on line {}", listener->port, before->at.line);
  }
}

}  // namespace handsel::engine
