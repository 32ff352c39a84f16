#include "load_options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "flow/routes.h"

namespace handsel::apps {
namespace {

constexpr double kDefaultDurationSeconds = 10;
constexpr double kMostSeconds = 1e6;
constexpr const char* kDefaultAddresses[] = {"10.77.1.2/24", "fd77:1::2/64"};
constexpr const char* kDefaultKernelAddresses[] = {"10.77.1.1/24", "fd77:1::1/64"};
constexpr std::uint32_t kMostHandshakes = 65'536;  // at once; 8 KiB each
constexpr std::uint16_t kMinMtuIpv6 = 1280;        // RFC 8200 5

constexpr const char* kFooter = R"(Modes:
  connect   open a TCP connection and close it, whatever the scheme (default of tcp://)
  handshake shake hands over TLS, and close (https:// and tls://; default of the latter)
  request   GET the URL, --requests times on each connection (default of https:// and http://)
  bulk      over https:// and http://: GET it, or PUT --upload bytes, again and again on each connection; over tls://
            and tcp://: send --upload bytes, half-close, and take what comes until the server closes
  echo      send --bytes bytes of a pattern and compare what comes back, --requests times (tls:// and tcp://)
  idle      hold --connections open until the time is over
  syn       send SYNs, --rate a second or as fast as it goes, from every port of every --address, and count the SYN-ACKs;
            nothing follows them, so that a server is seen as under a SYN flood

When connections begin: with --rate at instants that are fixed beforehand, so many a second, whatever becomes of those
before; a latency counts from that instant, so that a server that stalls is seen to. Without --rate there are always
--connections of them: when one ends, the next begins. Either way until --duration or --total is reached (10 s when
neither is given). Those that are open then may finish what they are at for --timeout; the rest is cut.

Latencies: "connect" until TCP is established, "handshake" from there until TLS's is done, "first byte" and "request"
until the answer's first and last byte, "total" until the connection is closed. A connection and its first request are
due together; a later request is due when the one before was answered.

Over TLS the server's certificate is verified against the system's authorities, for the address in the URL: --ca, --sni
and --pin say what else it is to be, --insecure that it does not matter. Verifying a chain costs this side some 100 us a
certificate; a pinned key costs almost nothing. Where this side is the slower one, --spare signatures,keys makes it nearly free: the
server does all its work as before, but nobody else is kept from reading along.

Without --device: a net_tap port whose kernel side, handselload0, is 10.77.1.1/24 and fd77:1::1/64. Servers on this
machine are reached there.

Examples:
  handsel-load http://10.77.1.1:8080/ --connections 100 --duration 5
  handsel-load http://10.77.1.1:8080/bytes/1000 --connections 500 --rate 2000 --requests 4
  handsel-load https://10.77.1.1/ --sni example.test --ca root.pem --mode handshake --resume 0.5 --connections 100
  handsel-load https://10.77.1.1/ --insecure --tls 1.2 --suites TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 --rate 500
  handsel-load tcp://192.0.2.9:443 --mode syn --device 0000:3b:00.0 --address 192.0.2.50/24 --sources 100
  handsel-load tcp://[fd77:1::1]:7 --mode echo --bytes 1000000 --total 20
  handsel-load http://192.0.2.9/ --device 0000:3b:00.0 --address 192.0.2.50/24 --address 192.0.2.51/24 --connections 9000

Signals: SIGINT and SIGTERM end the run at once; the report is printed all the same.

Exit codes: 0 all went well; 1 a connection failed, an answer had a status of 400 or more, or nothing was completed;
2 the command line has faults; 3 the engine or its port could not be started.)";

// The whole text as a number; negative where it is none.
double number(std::string_view text) {
  double value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? value : -1;
}

bool take_fault(std::string_view item, engine::Impairment& out) {
  const std::size_t equals = std::min(item.find('='), item.size());
  const std::string_view key = item.substr(0, equals);
  const double value = number(item.substr(std::min(equals + 1, item.size())));
  if (key == "seed") {
    if (value >= 0) out.seed = static_cast<std::uint64_t>(value);
    return value >= 0;
  }
  double* const share = key == "loss"        ? &out.loss
                        : key == "duplicate" ? &out.duplicate
                        : key == "reorder"   ? &out.reorder
                                             : nullptr;
  if (share == nullptr || !(value >= 0 && value <= 1)) return false;
  *share = value;
  return true;
}

// "loss=0.01,duplicate=0.01,reorder=0.01,seed=7"
std::expected<engine::Impairment, std::string> read_impairment(std::string_view text) {
  engine::Impairment out;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    if (!take_fault(item, out))
      return std::unexpected(fmt::format(
          "--impair: \"{}\" is to be loss=, duplicate= or reorder= with a share from 0 to 1, or seed=", item));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
  }
  return out;
}

std::expected<std::vector<wire::IpPrefix>, std::string> read_prefixes(std::string_view option,
                                                                      const std::vector<std::string>& texts) {
  std::vector<wire::IpPrefix> out;
  for (const std::string& text : texts) {
    const auto prefix = wire::IpPrefix::parse(text);
    if (!prefix)
      return std::unexpected(fmt::format("{}: \"{}\" is not like 10.77.1.2/24 or fd77:1::2/64", option, text));
    out.push_back(*prefix);
  }
  return out;
}

std::expected<engine::PortSettings, std::string> read_port(const LoadOptions& options) {
  engine::PortSettings port;
  port.device = options.device;
  port.mtu = options.mtu;
  if (options.vlan >= 0) port.vlan = static_cast<std::uint16_t>(options.vlan);
  auto ours = options.addresses;
  auto kernels = options.kernel_addresses;
  if (ours.empty()) {
    ours.assign(std::begin(kDefaultAddresses), std::end(kDefaultAddresses));
    if (kernels.empty()) kernels.assign(std::begin(kDefaultKernelAddresses), std::end(kDefaultKernelAddresses));
    if (options.mtu < kMinMtuIpv6) {  // IPv6 has no place there, and the kernel takes no such address
      ours.pop_back();
      if (options.kernel_addresses.empty()) kernels.pop_back();
    }
  }
  auto addresses = read_prefixes("--address", ours);
  if (!addresses) return std::unexpected(addresses.error());
  port.addresses = std::move(*addresses);
  auto kernel_addresses = read_prefixes("--kernel-address", kernels);
  if (!kernel_addresses) return std::unexpected(kernel_addresses.error());
  if (options.device.starts_with("net_tap")) port.kernel_addresses = std::move(*kernel_addresses);
  for (const std::string& text : options.gateways) {
    const auto gateway = wire::IpAddress::parse(text);
    if (!gateway) return std::unexpected(fmt::format("--gateway: \"{}\" is no IP address", text));
    port.gateways.push_back(*gateway);
  }
  if (!options.impair.empty()) {
    auto impairment = read_impairment(options.impair);
    if (!impairment) return std::unexpected(impairment.error());
    port.impairment = *impairment;
  }
  return port;
}

std::expected<service::LoadScript, std::string> read_script(const LoadOptions& options, const engine::LoadUrl& url,
                                                            const std::string& mode) {
  using Kind = service::LoadScript::Kind;
  service::LoadScript script;
  script.host = options.host.empty() ? url.host : options.host;
  script.target = url.target;
  script.upload_bytes = options.upload;
  script.expect_bytes = options.expect;
  script.verify = options.verify;
  const bool bounded = options.total != 0 && options.duration_s == 0;
  script.requests = options.requests >= 0 ? static_cast<std::uint32_t>(options.requests) : 1;
  if (mode == "connect" || mode == "handshake") {
    if (mode == "handshake" && !url.tls) return std::unexpected("--mode handshake needs an https:// or tls:// URL");
    script.kind = Kind::connect;
  } else if (mode == "syn") {
    script.kind = Kind::connect;
  } else if (mode == "idle") {
    script.kind = Kind::idle;
  } else if (mode == "request" || (mode == "bulk" && url.http)) {
    if (!url.http) return std::unexpected("--mode request needs an https:// or http:// URL");
    script.kind = Kind::http;
    if (mode == "bulk" && options.requests < 0) script.requests = bounded ? 1 : 0;
  } else if (mode == "bulk") {
    script.kind = Kind::bulk;
  } else {
    if (url.http) return std::unexpected("--mode echo needs a tls:// or tcp:// URL");
    if (options.bytes == 0) return std::unexpected("--bytes: an echo of nothing never comes back");
    script.kind = Kind::echo;
    script.upload_bytes = options.bytes;
  }
  if (script.requests == 0 && bounded)
    return std::unexpected("--requests 0 never ends: it needs a --duration beside --total");
  return script;
}

std::string default_mode(const engine::LoadUrl& url) {
  if (url.http) return "request";
  return url.tls ? "handshake" : "connect";
}

std::string fault_of_way(const engine::PortSettings& port, const engine::LoadUrl& url) {
  const flow::Routes routes(port.addresses, port.gateways);
  const std::string to = url.address.to_string();
  if (!routes.is_host(url.address)) return fmt::format("{} is no other host's address", to);
  if (!routes.next_hop(url.address))
    return fmt::format("{} is in no network of --address, and there is no --gateway of its family", to);
  if (!routes.source_for(url.address)) return fmt::format("no --address is of the family of {}", to);
  return {};
}

// --sources: the address that is there, and those behind it in its network.
std::string add_sources(engine::PortSettings& port, const engine::LoadUrl& url, std::uint32_t count) {
  const auto first = std::ranges::find_if(
      port.addresses, [&](const wire::IpPrefix& prefix) { return prefix.address.is_v4() == url.address.is_v4(); });
  if (first == port.addresses.end()) return {};
  const wire::IpPrefix from = *first;
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(from.address.bytes(), bytes.begin());
  const std::uint32_t low = load_be32(bytes.data() + 12);
  for (std::uint32_t i = 1; i < count; ++i) {
    store_be32(bytes.data() + 12, low + i);
    const wire::IpPrefix next{wire::IpAddress::from_v6(bytes), from.length};
    if (!from.contains(next.address) || next.address == from.broadcast())
      return fmt::format("--sources: {} has no {} addresses from there on", from.to_string(), count);
    if (next.address == url.address) return fmt::format("--sources: {} is the server's own", next.address.to_string());
    port.addresses.push_back(next);
  }
  return {};
}

void size_engine(engine::Config& config, const LoadOptions& options, const engine::LoadPlan& plan) {
  config.engine.name = fmt::format("load-{}", getpid());
  config.engine.memory_mib = options.memory_mib;
  config.engine.runtime_dir = options.runtime_dir;
  if (options.core >= 0) config.engine.worker_cores = {static_cast<std::uint16_t>(options.core)};
  // Beside those that are open there are some whose last word has not left yet.
  config.limits.flows = plan.connections + std::min(plan.connections, 65'536u) + 64;
  config.limits.half_open = config.limits.flows;
  config.limits.chunks = std::max(config.limits.chunks, 2 * plan.connections);
  config.limits.idle_timeout = std::chrono::hours(24 * 365);  // the plan has its own
  config.limits.close_timeout = std::chrono::duration_cast<std::chrono::milliseconds>(plan.timeout);
  config.limits.handshakes = std::min(plan.connections, kMostHandshakes);
  config.limits.handshake_timeout = config.limits.idle_timeout;  // likewise
}

Duration seconds(double count) { return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(count)); }

}  // namespace

void declare(CLI::App& app, LoadOptions& options) {
  app.footer(kFooter);
  app.add_option("URL", options.url,
                 "https:// or http://HOST[:PORT][/PATH], tls:// or tcp://HOST:PORT; HOST is an IP address")
      ->required();
  const std::string load = "Load";
  app.add_option("-m,--mode", options.mode, "what is done on each connection (see below)")
      ->check(CLI::IsMember({"connect", "handshake", "request", "bulk", "echo", "idle", "syn"}))
      ->group(load);
  app.add_option("-c,--connections", options.connections, "connections at once, at most")
      ->check(CLI::Range(1u, 4'000'000u))
      ->capture_default_str()
      ->group(load);
  app.add_option("-r,--rate", options.rate, "connections begun a second; without it, as others end")
      ->check(CLI::Range(0.001, 1e8))
      ->group(load);
  app.add_option("-d,--duration", options.duration_s, "seconds in which connections begin")
      ->check(CLI::Range(0.001, kMostSeconds))
      ->group(load);
  app.add_option("-n,--total", options.total, "connections begun in all")->group(load);
  app.add_option("--timeout", options.timeout_s, "seconds without progress after which a connection has failed")
      ->check(CLI::Range(0.001, kMostSeconds))
      ->capture_default_str()
      ->group(load);
  const std::string talk = "What is said";
  app.add_option("--requests", options.requests, "requests on each connection; 0: until the time is over (1)")
      ->check(CLI::Range(0, 1'000'000'000))
      ->group(talk);
  app.add_option("--bytes", options.bytes, "of one round of an echo")->capture_default_str()->group(talk);
  app.add_option("--upload", options.upload, "bytes to send: a PUT's body, or raw over tls:// and tcp://")->group(talk);
  app.add_option("--expect", options.expect,
                 "bulk over tls:// and tcp://: bytes that must come before the server closes")
      ->group(talk);
  app.add_flag("--verify", options.verify, "what comes must be the bytes that handseld serves at /bytes/N")
      ->group(talk);
  app.add_option("--host", options.host, "for the Host field, in place of the URL's")->group(talk);
  declare_tls(app, options.tls);
  const std::string engine = "Engine and port";
  app.add_option("--device", options.device, "as DPDK names it: net_tap0,iface=NAME or 0000:3b:00.0")
      ->capture_default_str()
      ->group(engine);
  app.add_option("--address", options.addresses, "ADDRESS/LENGTH of ours; several are used in turn")
      ->allow_extra_args(false)
      ->group(engine);
  app.add_option("--sources", options.sources, "addresses of ours, from the first --address of the target's family on")
      ->check(CLI::Range(1u, 4'096u))
      ->capture_default_str()
      ->group(engine);
  app.add_option("--kernel-address", options.kernel_addresses, "for the kernel's end of a net_tap device")
      ->allow_extra_args(false)
      ->group(engine);
  app.add_option("--gateway", options.gateways, "the way to other networks, one a family")
      ->allow_extra_args(false)
      ->group(engine);
  app.add_option("--mtu", options.mtu, "bytes of IP in a frame")
      ->check(CLI::Range(576, 9'600))
      ->capture_default_str()
      ->group(engine);
  app.add_option("--vlan", options.vlan, "VLAN that the port is a member of")
      ->check(CLI::Range(1, 4'094))
      ->group(engine);
  app.add_option("--impair", options.impair, "faults for tests: loss=0.01,duplicate=0.01,reorder=0.01,seed=7")
      ->group(engine);
  app.add_option("--core", options.core, "the processor that the worker runs on")
      ->check(CLI::Range(0, 1'023))
      ->group(engine);
  app.add_option("--memory-mib", options.memory_mib, "for packet buffers")
      ->check(CLI::Range(16u, 1'048'576u))
      ->capture_default_str()
      ->group(engine);
  app.add_option("--runtime-dir", options.runtime_dir, "folder for DPDK's own files")->group(engine);
  const std::string output = "Output";
  app.add_flag("--json", options.json, "the report as one JSON object")->group(output);
  app.add_flag("--progress", options.progress, "a line each second on standard error, as on a terminal")->group(output);
}

std::expected<LoadOrder, std::string> read(const LoadOptions& options, std::int64_t now_unix) {
  const auto url = engine::LoadUrl::parse(options.url);
  if (!url) return std::unexpected(url.error());
  LoadOrder order;
  order.mode = options.mode.empty() ? default_mode(*url) : options.mode;
  auto port = read_port(options);
  if (!port) return std::unexpected(port.error());
  if (auto fault = add_sources(*port, *url, options.sources); !fault.empty()) return std::unexpected(fault);
  if (auto fault = fault_of_way(*port, *url); !fault.empty()) return std::unexpected(fault);
  auto script = read_script(options, *url, order.mode);
  if (!script) return std::unexpected(script.error());

  engine::LoadPlan& plan = order.plan;
  plan.script = std::move(*script);
  plan.address = url->address;
  plan.port = url->port;
  plan.connections = options.connections;
  plan.rate = options.rate;
  plan.total = options.total;
  plan.timeout = seconds(options.timeout_s);
  const bool timed = plan.total == 0 || plan.script.kind == service::LoadScript::Kind::idle;
  if (options.duration_s > 0 || timed)
    plan.duration = seconds(options.duration_s > 0 ? options.duration_s : kDefaultDurationSeconds);
  order.syns = order.mode == "syn";
  // When the last one is sent, an answer may take a second.
  if (order.syns) plan.timeout = std::min<Duration>(plan.timeout, std::chrono::seconds(1));
  if (port->addresses.size() > 1 || order.syns)
    for (const wire::IpPrefix& prefix : port->addresses)
      if (prefix.address.is_v4() == url->address.is_v4()) plan.sources.push_back(prefix.address);
  order.keys = std::make_unique<crypto::KeyStore>();
  if (url->tls && order.mode != "connect" && !order.syns) {
    auto tls = engine::make_load_tls(options.tls, url->address.to_string(), *order.keys, now_unix);
    if (!tls) return std::unexpected(tls.error());
    plan.tls = std::move(*tls);
  }
  order.config.ports.push_back(std::move(*port));
  size_engine(order.config, options, plan);
  return order;
}

}  // namespace handsel::apps
