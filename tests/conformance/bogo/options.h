#pragma once
/// The flags that BoringSSL's test runner gives to a shim, as far as this engine can do what they ask.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace handsel::bogo {

/// How the program ends; the runner tells these apart.
inline constexpr int kExitPassed = 0;
inline constexpr int kExitFailed = 1;
inline constexpr int kExitUnimplemented = 89;  ///< the runner skips the test

/// Why the program ends before its time.
struct Stop {
  int exit_status = kExitFailed;
  std::string reason;
};
inline Stop unimplemented(std::string what) { return {kExitUnimplemented, "unimplemented: " + std::move(what)}; }
inline Stop failed(std::string what) { return {kExitFailed, std::move(what)}; }

/// A certificate of ours: files in PEM.
struct CredentialFiles {
  std::string chain;
  std::string key;
  std::vector<std::uint8_t> ocsp_response;
};

/// What is asked of one connection. Numbers are IANA's.
struct Options {
  std::uint16_t port = 0;
  bool ipv6 = false;
  std::uint64_t shim_id = 0;
  bool server = false;
  unsigned resume_count = 0;  ///< connections after the first one
  bool asks_for_handshaker = false;

  std::vector<CredentialFiles> credentials;
  std::string trust_file;
  bool requires_client_certificate = false;
  bool verifies_peer = false;
  bool verification_fails = false;

  std::uint16_t min_version = 0x0301;
  std::uint16_t max_version = 0x0304;
  bool no_tls12 = false;
  bool no_tls13 = false;
  std::vector<std::uint16_t> groups;
  std::vector<std::uint16_t> share_groups;
  std::string suites;  ///< names with colons between them
  std::string host_name;
  std::string advertised_alpn;  ///< as on the wire (RFC 7301 3.1)
  std::string selected_alpn;
  bool declines_alpn = false;
  bool rejects_alpn = false;
  bool no_ticket = false;

  bool writes_first = false;
  bool shuts_down = false;
  bool checks_close_notify = false;
  bool different_record_sizes = false;
  bool key_update = false;
  std::uint32_t export_bytes = 0;  ///< of keying material, to be written first
  std::string export_label;
  std::string export_context;
  bool uses_export_context = false;
  std::uint32_t read_size = 512;
  std::uint32_t resumption_delay_seconds = 0;

  std::uint16_t expected_version = 0;
  std::uint16_t expected_suite = 0;
  std::uint16_t expected_group = 0;
  std::uint16_t expected_scheme = 0;
  std::string expected_alpn;
  std::string expected_server_name;
  bool expects_no_server_name = false;
  bool expects_no_peer_certificate = false;
  bool expects_retry = false;
  bool expects_no_retry = false;
  bool expects_session_miss = false;
  bool expects_no_session = false;

  bool speaks_tls12() const { return !no_tls12 && min_version <= 0x0303 && max_version >= 0x0303; }
  bool speaks_tls13() const { return !no_tls13 && min_version <= 0x0304 && max_version >= 0x0304; }
};

struct CommandLine {
  Options initial;
  Options resume;  ///< of the connections after the first one
};

/// Reads the arguments after the program's name.
std::expected<CommandLine, Stop> parse(std::span<char* const> arguments);

}  // namespace handsel::bogo
