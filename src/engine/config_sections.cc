#include "engine/config_sections.h"

#include <algorithm>
#include <limits>

#include "base/limits.h"
#include "crypto/kernels.h"
#include "service/registry.h"

namespace handsel::engine {
namespace {

constexpr std::int64_t kMaxWorkers = 64;
constexpr std::int64_t kMaxCore = 1'023;
constexpr std::size_t kMaxCryptoCores = 16;
// IPv6 asks for 1,280 (RFC 8200 5); IPv4 alone may go down to 576.
constexpr std::int64_t kMinMtu = 576;
constexpr std::int64_t kMaxMtu = 9'600;
constexpr std::string_view kLogLevels[] = {"trace", "debug", "info", "warning", "error"};

template <class Number>
bool take_integer(const ConfigEntry& entry, std::int64_t least, std::int64_t most, Number& out, ReadContext& context) {
  const auto number = read_integer(entry, least, most, context);
  if (number) out = static_cast<Number>(*number);
  return number.has_value();
}

void read_workers(const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
  if (!std::holds_alternative<ConfigNode::List>(entry.node.value)) {
    if (!std::holds_alternative<std::int64_t>(entry.node.value))
      return context.wrong_type(entry, "a number of workers or a list of cores");
    take_integer(entry, 1, kMaxWorkers, out.worker_count, context);
    return;
  }
  out.worker_cores_at = entry.node.at;
  for (const ConfigEntry& element : read_list(entry)) {
    std::uint16_t core = 0;
    if (!take_integer(element, 0, kMaxCore, core, context)) continue;
    if (std::find(out.worker_cores.begin(), out.worker_cores.end(), core) != out.worker_cores.end())
      context.fault(element.node.at, "core {} is there twice: a worker needs a core of its own", core);
    out.worker_cores.push_back(core);
  }
  if (out.worker_cores.empty()) context.fault(entry.node.at, "workers lists no core");
  if (out.worker_cores.size() > kMaxWorkers) context.fault(entry.node.at, "more than {} workers", kMaxWorkers);
  out.worker_count = static_cast<std::uint16_t>(out.worker_cores.size());
}

void read_crypto(const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
  if (const auto* text = std::get_if<std::string>(&entry.node.value)) {
    if (*text != "inline")
      context.fault(entry.node.at, "crypto = \"{}\" is to be \"inline\" or a list of cores", *text);
    return;
  }
  if (!std::holds_alternative<ConfigNode::List>(entry.node.value))
    return context.wrong_type(entry, "\"inline\" or a list of cores");
  const auto elements = read_list(entry);
  for (const ConfigEntry& element : elements) {
    std::uint16_t core = 0;
    if (!take_integer(element, 0, kMaxCore, core, context)) continue;
    if (std::ranges::find(out.crypto_cores, core) != out.crypto_cores.end())
      context.fault(element.node.at, "core {} is there twice", core);
    out.crypto_cores.push_back(core);
    out.crypto_cores_at.push_back(element.node.at);
  }
  if (elements.empty()) context.fault(entry.node.at, "crypto lists no core; \"inline\" needs none");
  if (elements.size() > kMaxCryptoCores) context.fault(entry.node.at, "more than {} crypto cores", kMaxCryptoCores);
}

void read_name(const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
  const auto text = read_text(entry, context);
  if (!text) return;
  const bool plain = std::all_of(text->begin(), text->end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (text->empty() || text->size() > 32 || !plain)
    return context.fault(entry.node.at, "name = \"{}\" is to be 1 to 32 letters, digits, '-' or '_'", *text);
  out.name = *text;
}

void read_kernels(const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
  std::vector<std::string_view> names;
  for (const crypto::KernelChoice& each : crypto::known_kernels()) names.push_back(each.name);
  out.kernels_at = entry.node.at;
  if (auto name = read_choice(entry, names, context)) out.kernels = *name;
}

constexpr Key<EngineSettings> kEngineKeys[] = {
    {"name", "text", "\"default\"", "Tells several engines on one machine apart: part of their sockets' paths.",
     read_name},
    {"workers", "integer or list of cores", "1",
     "How many workers poll, or on which processors; each keeps a core busy. A count takes the last cores.",
     read_workers},
    {"crypto", "\"inline\" or list of cores", "\"inline\"",
     "Where public-key operations are computed: by each worker itself, or on processors that do nothing else.",
     read_crypto},
    {"lcores", "text", "from workers", "DPDK's own --lcores map, for machines that need another one than ours.",
     [](const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
       out.lcores_at = entry.node.at;
       if (auto text = read_text(entry, context)) out.lcores = *text;
     }},
    {"memory_mib", "integer", "256", "Memory for packet buffers, in MiB, taken from hugepages when enough are free.",
     [](const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
       out.memory_at = entry.node.at;
       take_integer(entry, 64, 1'048'576, out.memory_mib, context);
     }},
    {"kernels", "text", "the fastest that runs here",
     "What computes public-key operations: ifma (AVX-512, eight at a time), avx2 (eight X25519 at a time) or libcrypto "
     "(one at a time).",
     read_kernels},
    {"log", "text", "\"info\"", "The least severe messages that are written: trace, debug, info, warning, error.",
     [](const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
       if (auto text = read_choice(entry, kLogLevels, context)) out.log = *text;
     }},
    {"runtime_dir", "text", "/run, or the user's",
     "The folder in which the control socket and DPDK's sockets lie (handsel/NAME and dpdk/handsel-NAME).",
     [](const ConfigEntry& entry, EngineSettings& out, ReadContext& context) {
       if (auto text = read_text(entry, context)) out.runtime_dir = *text;
     }},
};

/// Every fault of one prefix; `entry.key` says in which list it stands.
void read_prefix(const ConfigEntry& entry, std::vector<wire::IpPrefix>& out, ReadContext& context) {
  const auto text = read_text(entry, context);
  if (!text) return;
  const auto prefix = wire::IpPrefix::parse(*text);
  if (!prefix)
    return context.fault(entry.node.at, "\"{}\" is no address with its network; write it like \"10.77.0.2/24\"", *text);
  const wire::IpAddress& address = prefix->address;
  if (address.is_unspecified() || address.is_multicast() || address.is_loopback() || address.is_broadcast())
    return context.fault(entry.node.at, "\"{}\" can't be a host's address", *text);
  if (prefix->broadcast() == address)
    return context.fault(entry.node.at, "\"{}\" is its network's broadcast address", *text);
  const bool there = std::any_of(out.begin(), out.end(), [&](const auto& other) { return other.address == address; });
  if (there) return context.fault(entry.node.at, "{} is there twice", address.to_string());
  out.push_back(*prefix);
}

template <auto Member>
void read_rate(const ConfigEntry& entry, Impairment& out, ReadContext& context) {
  if (auto probability = read_probability(entry, context)) out.*Member = *probability;
}

constexpr Key<Impairment> kImpairmentKeys[] = {
    {"loss", "number", "0.0", "How likely a frame is lost, 0 to 1.", read_rate<&Impairment::loss>},
    {"duplicate", "number", "0.0", "How likely a frame comes twice, 0 to 1.", read_rate<&Impairment::duplicate>},
    {"reorder", "number", "0.0", "How likely a frame is held back behind the next few, 0 to 1.",
     read_rate<&Impairment::reorder>},
    {"seed", "integer", "1", "Of the generator that decides; each worker counts on from it.",
     [](const ConfigEntry& entry, Impairment& out, ReadContext& context) {
       take_integer(entry, 0, std::numeric_limits<std::int64_t>::max(), out.seed, context);
     }},
};

constexpr Key<PortSettings> kPortKeys[] = {
    {"device", "text", kRequired,
     "The port as DPDK names it: \"0000:3b:00.0\", \"net_tap0,iface=handsel0\", \"net_memif0,role=server,…\".",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       if (auto text = read_text(entry, context)) {
         out.device = *text;
         if (text->empty()) context.fault(entry.node.at, "device is empty");
       }
     }},
    {"addresses", "list of addresses with network", kRequired,
     "The engine's own addresses on this port: \"10.77.0.2/24\", \"fd77::2/64\".",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       const auto elements = read_list(entry);
       for (const ConfigEntry& element : elements) read_prefix(element, out.addresses, context);
       if (elements.empty()) context.fault(entry.node.at, "addresses is empty: the port could answer nobody");
     }},
    {"kernel_addresses", "list of addresses with network", "[]",
     "Only net_tap: addresses that the kernel's end of the device is given.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       for (const ConfigEntry& element : read_list(entry)) read_prefix(element, out.kernel_addresses, context);
     }},
    {"gateway", "address or list of addresses", "none",
     "Checked, not used yet: answers go back the way the frames came. At most one for IPv4 and one for IPv6.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       for (const ConfigEntry& element : read_list(entry)) {
         const auto address = read_address(element, context);
         if (!address) continue;
         const bool second = std::any_of(out.gateways.begin(), out.gateways.end(),
                                         [&](const auto& other) { return other.is_v4() == address->is_v4(); });
         if (second)
           context.fault(element.node.at, "a second gateway for IPv{}: only one is used", address->is_v4() ? 4 : 6);
         out.gateways.push_back(*address);
       }
     }},
    {"vlan", "integer", "none", "The VLAN whose tag every frame bears, 1 to 4094.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       std::uint16_t vlan = 0;
       if (take_integer(entry, 1, 4'094, vlan, context)) out.vlan = vlan;
     }},
    {"mtu", "integer", "1500", "The largest IP packet, in bytes.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       take_integer(entry, kMinMtu, kMaxMtu, out.mtu, context);
     }},
    {"queues", "integer", "one a worker", "Receive and transmit queue pairs: as many as the port has workers.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       take_integer(entry, 1, kMaxWorkers, out.queues, context);
     }},
    {"impair", "table", "none", "Only for tests: faults that the port adds to its frames, received and sent.",
     [](const ConfigEntry& entry, PortSettings& out, ReadContext& context) {
       read_table(entry, "impair", impairment_keys(), out.impairment.emplace(), context);
     }},
};

constexpr Key<ListenerSettings> kListenerKeys[] = {
    {"port", "integer", kRequired, "The TCP port, 1 to 65535.",
     [](const ConfigEntry& entry, ListenerSettings& out, ReadContext& context) {
       take_integer(entry, 1, 65'535, out.port, context);
     }},
    {"address", "address", "all of ours", "One of the engine's addresses, to listen on it alone.",
     [](const ConfigEntry& entry, ListenerSettings& out, ReadContext& context) {
       if (auto address = read_address(entry, context); address && !address->is_unspecified()) out.address = *address;
     }},
    {"tls", "text", "none: plain TCP", "The [tls.NAME] with which connections are secured.",
     [](const ConfigEntry& entry, ListenerSettings& out, ReadContext& context) {
       if (auto text = read_text(entry, context)) out.tls = *text;
     }},
    {"service", "text", "\"http\"", "What answers: http, echo or discard.",
     [](const ConfigEntry& entry, ListenerSettings& out, ReadContext& context) {
       if (auto text = read_choice(entry, service::service_names(), context)) out.service = *text;
     }},
};

template <auto Member>
void read_count(const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
  take_integer(entry, 1, 16'777'216, out.*Member, context);
}
template <auto Member>
void read_time(const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
  if (auto duration = read_duration(entry, context)) out.*Member = *duration;
}

constexpr std::string_view kCookieModes[] = {"adaptive", "always", "never"};

constexpr Key<LimitSettings> kLimitKeys[] = {
    {"flows", "integer", "65536", "Connections that a worker keeps, in whatever state.",
     read_count<&LimitSettings::flows>},
    {"half_open", "integer", "16384", "Of these, how many may be in mid-handshake of TCP.",
     read_count<&LimitSettings::half_open>},
    {"handshakes", "integer", "4096",
     "TLS handshakes that a worker has in progress; the last quarter of them is for resumptions.",
     read_count<&LimitSettings::handshakes>},
    {"handshakes_per_second", "integer", "0",
     "TLS handshakes that a worker begins a second, resumptions first; 0: as many as come.",
     [](const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
       take_integer(entry, 0, 16'777'216, out.handshakes_per_second, context);
     }},
    {"time_wait", "integer", "65536", "Closed connections that a worker remembers in TIME-WAIT, 48 bytes each.",
     read_count<&LimitSettings::time_wait>},
    {"session_ids", "integer", "4096",
     "TLS 1.2 sessions that a worker remembers for clients without tickets, 200 bytes each; 0: none.",
     [](const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
       take_integer(entry, 0, 16'777'216, out.session_ids, context);
     }},
    {"syn_cookies", "text", "\"adaptive\"", "SYNs answered without storing anything: adaptive, always or never.",
     [](const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
       if (auto text = read_choice(entry, kCookieModes, context)) out.syn_cookies = *text;
     }},
    {"pacing", "boolean", "false", "Whether what a window holds is spread over its round trip, not sent at once.",
     [](const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
       if (auto wanted = read_boolean(entry, context)) out.pacing = *wanted;
     }},
    {"chunks", "integer", "32768", "Buffers of 2 KiB that a worker has for bytes received and to be sent.",
     [](const ConfigEntry& entry, LimitSettings& out, ReadContext& context) {
       take_integer(entry, 256, 16'777'216, out.chunks, context);
     }},
    {"handshake_timeout", "duration", "\"10s\"", "For a TLS handshake, from the end of TCP's.",
     read_time<&LimitSettings::handshake_timeout>},
    {"idle_timeout", "duration", "\"60s\"",
     "For a connection without progress: nothing heard, nothing taken of what we owe, or no whole HTTP request.",
     read_time<&LimitSettings::idle_timeout>},
    {"close_timeout", "duration", "\"10s\"", "For the peer to close after we have.",
     read_time<&LimitSettings::close_timeout>},
    {"drain_timeout", "duration", "\"30s\"", "After SIGTERM, until connections that are still open are cut.",
     read_time<&LimitSettings::drain_timeout>},
};

constexpr Key<CryptoSettings> kCryptoKeys[] = {
    {"bank", "integer", "16384",
     "X25519 and P-256 key pairs and ECDSA nonces that an idle worker computes ahead, so many of each; 256 bytes for "
     "one of each; 0: none.",
     [](const ConfigEntry& entry, CryptoSettings& out, ReadContext& context) {
       take_integer(entry, 0, limits::kMaxBank, out.bank, context);
     }},
};

}  // namespace

std::span<const Key<EngineSettings>> engine_keys() { return kEngineKeys; }
std::span<const Key<PortSettings>> port_keys() { return kPortKeys; }
std::span<const Key<Impairment>> impairment_keys() { return kImpairmentKeys; }
std::span<const Key<ListenerSettings>> listener_keys() { return kListenerKeys; }
std::span<const Key<LimitSettings>> limit_keys() { return kLimitKeys; }
std::span<const Key<CryptoSettings>> crypto_keys() { return kCryptoKeys; }

}  // namespace handsel::engine
