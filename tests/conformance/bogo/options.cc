#include "options.h"

#include <array>
#include <charconv>
#include <string_view>

namespace handsel::bogo {
namespace {

/// Sets what a flag says; false when its parameter cannot be that.
using Setter = bool (*)(Options& options, std::string_view value);

struct Flag {
  std::string_view name;
  bool has_value = false;
  Setter set = nullptr;
};

template <class Number>
bool read_number(std::string_view text, Number& number) {
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

template <auto Field>
constexpr Flag boolean(std::string_view name) {
  return {name, false, [](Options& options, std::string_view) { return options.*Field = true; }};
}
template <auto Field>
constexpr Flag number(std::string_view name) {
  return {name, true, [](Options& options, std::string_view value) { return read_number(value, options.*Field); }};
}
template <auto Field>
constexpr Flag text(std::string_view name) {
  return {name, true, [](Options& options, std::string_view value) {
            options.*Field = value;
            return true;
          }};
}
/// A flag that may come several times.
template <auto Field>
constexpr Flag numbers(std::string_view name) {
  return {name, true,
          [](Options& options, std::string_view value) { return read_number(value, (options.*Field).emplace_back()); }};
}
/// What it asks for is so in any case, or shows in nothing that the runner sees: callbacks that this engine has not,
/// and versions that it never speaks.
constexpr Flag indifferent(std::string_view name) {
  return {name, false, [](Options&, std::string_view) { return true; }};
}

CredentialFiles& latest_credential(Options& options) {
  return options.credentials.empty() ? options.credentials.emplace_back() : options.credentials.back();
}

int base64_digit(char c) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t at = kDigits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

bool read_base64(std::string_view text, std::vector<std::uint8_t>& bytes) {
  while (text.ends_with('=')) text.remove_suffix(1);
  unsigned bits = 0;
  unsigned held = 0;
  for (const char c : text) {
    const int digit = base64_digit(c);
    if (digit < 0) return false;
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xffff;
    held += 6;
    if (held >= 8) bytes.push_back(static_cast<std::uint8_t>(bits >> (held -= 8)));
  }
  return held < 6;
}

constexpr std::array kFlags = {
    number<&Options::port>("-port"),
    boolean<&Options::ipv6>("-ipv6"),
    number<&Options::shim_id>("-shim-id"),
    boolean<&Options::server>("-server"),
    number<&Options::resume_count>("-resume-count"),
    boolean<&Options::asks_for_handshaker>("-is-handshaker-supported"),

    Flag{"-new-x509-credential", false,
         [](Options& options, std::string_view) {
           options.credentials.emplace_back();
           return true;
         }},
    Flag{"-cert-file", true,
         [](Options& options, std::string_view value) {
           latest_credential(options).chain = value;
           return true;
         }},
    Flag{"-key-file", true,
         [](Options& options, std::string_view value) {
           latest_credential(options).key = value;
           return true;
         }},
    Flag{"-ocsp-response", true,
         [](Options& options, std::string_view value) {
           return read_base64(value, latest_credential(options).ocsp_response);
         }},
    text<&Options::trust_file>("-trust-cert"),
    boolean<&Options::requires_client_certificate>("-require-any-client-certificate"),
    boolean<&Options::verifies_peer>("-verify-peer"),
    boolean<&Options::verification_fails>("-verify-fail"),

    number<&Options::min_version>("-min-version"),
    number<&Options::max_version>("-max-version"),
    boolean<&Options::no_tls12>("-no-tls12"),
    boolean<&Options::no_tls13>("-no-tls13"),
    numbers<&Options::groups>("-curves"),
    numbers<&Options::share_groups>("-key-shares"),
    text<&Options::suites>("-cipher"),
    text<&Options::host_name>("-host-name"),
    text<&Options::advertised_alpn>("-advertise-alpn"),
    text<&Options::selected_alpn>("-select-alpn"),
    boolean<&Options::declines_alpn>("-decline-alpn"),
    boolean<&Options::rejects_alpn>("-reject-alpn"),
    boolean<&Options::no_ticket>("-no-ticket"),

    boolean<&Options::writes_first>("-shim-writes-first"),
    boolean<&Options::shuts_down>("-shim-shuts-down"),
    boolean<&Options::checks_close_notify>("-check-close-notify"),
    boolean<&Options::different_record_sizes>("-write-different-record-sizes"),
    boolean<&Options::key_update>("-key-update"),
    number<&Options::export_bytes>("-export-keying-material"),
    text<&Options::export_label>("-export-label"),
    text<&Options::export_context>("-export-context"),
    boolean<&Options::uses_export_context>("-use-export-context"),
    number<&Options::read_size>("-read-size"),
    number<&Options::resumption_delay_seconds>("-resumption-delay"),

    number<&Options::expected_version>("-expect-version"),
    number<&Options::expected_suite>("-expect-cipher"),
    number<&Options::expected_suite>("-expect-cipher-aes"),
    Flag{"-expect-cipher-no-aes", true, [](Options&, std::string_view) { return true; }},
    number<&Options::expected_group>("-expect-curve-id"),
    number<&Options::expected_scheme>("-expect-peer-signature-algorithm"),
    text<&Options::expected_alpn>("-expect-alpn"),
    text<&Options::expected_server_name>("-expect-server-name"),
    boolean<&Options::expects_no_server_name>("-expect-no-server-name"),
    boolean<&Options::expects_no_peer_certificate>("-expect-no-peer-cert"),
    boolean<&Options::expects_retry>("-expect-hrr"),
    boolean<&Options::expects_no_retry>("-expect-no-hrr"),
    boolean<&Options::expects_session_miss>("-expect-session-miss"),
    boolean<&Options::expects_no_session>("-expect-no-session"),

    indifferent("-async"),
    indifferent("-partial-write"),
    indifferent("-implicit-handshake"),
    indifferent("-no-op-extra-handshake"),
    indifferent("-use-early-callback"),
    indifferent("-use-old-client-cert-callback"),
    indifferent("-use-custom-verify-callback"),
    indifferent("-install-ddos-callback"),
    indifferent("-expect-verify-result"),
    indifferent("-cbc-record-splitting"),
    indifferent("-server-preference"),
    indifferent("-no-tls1"),
    indifferent("-no-tls11"),
};

const Flag* find(std::string_view name) {
  for (const Flag& flag : kFlags)
    if (flag.name == name) return &flag;
  return nullptr;
}

/// "-on-resume-port" begins with "-on-resume": that goes, the rest stays.
bool remove_prefix(std::string_view& name, std::string_view prefix) {
  if (!name.starts_with(prefix) || !name.substr(prefix.size()).starts_with('-')) return false;
  name.remove_prefix(prefix.size());
  return true;
}

enum class Target : std::uint8_t { all, initial, resume, nobody };

/// Whom a flag is for. There is no second program that would do the handshake, and no retry after early data.
Target take_target(std::string_view& name) {
  remove_prefix(name, "-on-shim");
  const bool for_handshaker = remove_prefix(name, "-on-handshaker");
  Target target = Target::all;
  if (remove_prefix(name, "-on-initial"))
    target = Target::initial;
  else if (remove_prefix(name, "-on-resume"))
    target = Target::resume;
  else if (remove_prefix(name, "-on-retry"))
    target = Target::nobody;
  return for_handshaker ? Target::nobody : target;
}

}  // namespace

std::expected<CommandLine, Stop> parse(std::span<char* const> arguments) {
  CommandLine line;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    std::string_view name = arguments[i];
    const Target target = take_target(name);
    const Flag* const flag = find(name);
    if (flag == nullptr) return std::unexpected(unimplemented("flag " + std::string(name)));
    std::string_view value;
    if (flag->has_value) {
      if (++i == arguments.size()) return std::unexpected(failed("no parameter after " + std::string(name)));
      value = arguments[i];
    }
    const bool for_initial = target == Target::all || target == Target::initial;
    const bool for_resume = target == Target::all || target == Target::resume;
    if ((for_initial && !flag->set(line.initial, value)) || (for_resume && !flag->set(line.resume, value)))
      return std::unexpected(failed("parameter of " + std::string(name) + ": " + std::string(value)));
  }
  return line;
}

}  // namespace handsel::bogo
