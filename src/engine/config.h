#pragma once
/// What an operator configures: a TOML file, read and checked into plain structs. Control thread.

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "engine/impairment.h"
#include "wire/address.h"

namespace handsel::engine {

/// Where in the file something stands, both from 1; zeros for a default that stands nowhere.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool operator==(const Position&) const = default;
};

/// One thing wrong with a configuration.
struct Fault {
  Position at;
  std::string message;  ///< a sentence without the file's name: what is wrong, and where it can be said, what to do
};
/// "handsel.toml:3:7: message"; without a position "handsel.toml: message".
std::string to_string(const Fault& fault, std::string_view file);

/// [engine]
struct EngineSettings {
  std::string name = "default";             ///< tells several engines on one machine apart: part of socket paths
  std::uint16_t worker_count = 1;           ///< how many workers; the size of worker_cores when that is given
  std::vector<std::uint16_t> worker_cores;  ///< processors, one a worker; empty: the last ones that we may use
  std::vector<std::uint16_t> crypto_cores;  ///< processors that compute for the workers; empty: each for itself
  std::string lcores;                       ///< EAL's --lcores, for machines that need their own map; empty: ours
  std::uint32_t memory_mib = 256;           ///< for packet buffers
  std::string kernels;                      ///< a set of crypto::known_kernels(); empty: the best that runs here
  std::string log = "info";                 ///< trace, debug, info, warning, error
  std::string runtime_dir;                  ///< empty: see engine/runtime_dir.h
  Position worker_cores_at;
  Position memory_at;
  Position kernels_at;
  std::vector<Position> crypto_cores_at;  ///< of each
  Position lcores_at;
};

/// [[port]]
struct PortSettings {
  std::string device;                            ///< as DPDK names it: "net_tap0,iface=handsel0", "0000:3b:00.0"
  std::vector<wire::IpPrefix> addresses;         ///< ours, with their networks
  std::vector<wire::IpPrefix> kernel_addresses;  ///< for the kernel's end of a net_tap device
  std::vector<wire::IpAddress> gateways;         ///< at most one a family
  std::optional<std::uint16_t> vlan;
  std::uint16_t mtu = 1500;
  std::uint16_t queues = 0;              ///< receive and transmit queue pairs; 0: one a worker
  std::optional<Impairment> impairment;  ///< only for tests: what the port does to its frames
  Position at;
};

/// [[listener]]
struct ListenerSettings {
  std::optional<wire::IpAddress> address;  ///< one of a port's; nullopt: all of them
  std::uint16_t port = 0;
  std::string tls;               ///< a [tls.NAME]; empty: plain TCP
  std::string service = "http";  ///< one of service::service_names()
  Position at;
};

/// A chain and its key, PEM files, and an OCSP response for it. Relative paths count from the configuration file's
/// folder.
struct CertificateFiles {
  std::filesystem::path chain;
  std::filesystem::path key;
  std::filesystem::path ocsp;  ///< DER; empty: none
  Position chain_at;
  Position key_at;
  Position ocsp_at;
};

/// [tls.NAME]
struct TlsSettings {
  std::string name;
  std::vector<CertificateFiles> certificates;  ///< empty: a self-signed certificate made at start
  std::vector<std::string> alpn;               ///< most wanted first; empty: none is negotiated
  std::vector<std::uint16_t> groups;           ///< IANA numbers, most wanted first; empty: all
  std::vector<std::uint16_t> suites;           ///< IANA numbers, most wanted first; empty: all
  std::uint16_t min_version = 0x0304;
  bool rsa_key_exchange = false;             ///< TLS 1.2 alone: the client encrypts the premaster secret
  std::uint16_t record_padding = 0;          ///< records are sent in multiples of so many bytes; 0: as they come
  std::string client_certificates = "none";  ///< or "request", "require"
  std::filesystem::path client_ca;           ///< a PEM file of those who vouch for clients; empty: none
  Position client_ca_at;
  bool tickets = true;                           ///< resumption, by tickets and session ids
  std::chrono::milliseconds ticket_rotation{0};  ///< how long a key made by us seals; 0: not said
  Position ticket_rotation_at;
  std::filesystem::path ticket_keys;  ///< a file of keys that several engines share; empty: made by us
  Position ticket_keys_at;
  std::uint32_t early_data = 0;  ///< bytes of early data that a ticket allows; 0: none
  Position early_data_at;
  bool psk_only = false;  ///< TLS 1.3: resumption without a key exchange, for clients that offer nothing else
  Position at;
};

/// [limits], each a worker's
struct LimitSettings {
  std::uint32_t flows = 65'536;
  std::uint32_t half_open = 16'384;
  std::uint32_t chunks = 32'768;            ///< of 2 KiB, for bytes received and to be sent
  std::uint32_t handshakes = 4'096;         ///< TLS handshakes in progress
  std::uint32_t handshakes_per_second = 0;  ///< TLS handshakes begun; 0: as many as come
  std::uint32_t time_wait = 65'536;         ///< connections remembered in TIME-WAIT
  std::uint32_t session_ids = 4'096;        ///< TLS 1.2 sessions remembered for clients without tickets
  std::string syn_cookies = "adaptive";     ///< or "always", "never"
  bool pacing = false;                      ///< spreads what a window holds over its round trip
  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds idle_timeout{60'000};
  std::chrono::milliseconds close_timeout{10'000};
  std::chrono::milliseconds drain_timeout{30'000};  ///< after SIGTERM, until what is still open is cut
};

/// [crypto]
struct CryptoSettings {
  std::uint32_t bank = limits::kDefaultBank;  ///< entries that a worker computes ahead, of each kind; 0: none
};

struct Config {
  EngineSettings engine;
  std::vector<PortSettings> ports;
  std::vector<ListenerSettings> listeners;
  std::vector<TlsSettings> tls;
  LimitSettings limits;
  CryptoSettings crypto;

  /// nullptr when no [tls.NAME] is called so.
  const TlsSettings* find_tls(std::string_view name) const;
  /// Workers are dealt out to the ports in turn: worker w polls queue w / ports of port w % ports.
  std::uint16_t workers_of(std::size_t port) const;
};

/// What runs without a file: a net_tap port handsel0 at 10.77.0.2/24 and fd77::2/64 with the kernel's end at .1,
/// https on 443 (TLS 1.3 and 1.2) with a certificate made at start, http on 80, one worker.
Config default_config();

/// Reads TOML text; relative paths in it count from `folder`. All faults are listed, in the order of the text (a fault
/// of TOML's own syntax is listed alone: nothing can be read behind it).
std::expected<Config, std::vector<Fault>> parse_config(std::string_view text, const std::filesystem::path& folder = {});
/// Reads a file. One that cannot be read is a fault without a position.
std::expected<Config, std::vector<Fault>> load_config(const std::filesystem::path& file);

/// What the text alone can't show: processors and memory that do not exist, certificate files that can't be read.
std::vector<Fault> check_machine(const Config& config);

}  // namespace handsel::engine
