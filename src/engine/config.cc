#include "engine/config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <tuple>

#include "engine/config_keys.h"
#include "engine/config_sections.h"

namespace handsel::engine {
namespace {

constexpr std::uintmax_t kMaxFileBytes = 1024 * 1024;
constexpr std::string_view kSections[] = {"engine", "port", "listener", "tls", "limits", "crypto"};

void read_ports(const ConfigEntry& entry, Config& out, ReadContext& context) {
  for (const ConfigEntry& element : read_list(entry)) {
    PortSettings port{.at = element.node.at};
    read_table(element, "[[port]]", port_keys(), port, context);
    out.ports.push_back(std::move(port));
  }
}

void read_listeners(const ConfigEntry& entry, Config& out, ReadContext& context) {
  for (const ConfigEntry& element : read_list(entry)) {
    ListenerSettings listener{.at = element.node.at};
    read_table(element, "[[listener]]", listener_keys(), listener, context);
    out.listeners.push_back(std::move(listener));
  }
}

void read_tls_profiles(const ConfigEntry& entry, Config& out, ReadContext& context) {
  const auto* profiles = std::get_if<ConfigNode::Table>(&entry.node.value);
  if (profiles == nullptr) return context.wrong_type(entry, "a table for each name: [tls.NAME]");
  for (const ConfigEntry& profile : *profiles) {
    TlsSettings tls{.name = profile.key, .at = profile.at};
    read_table(profile, fmt::format("[tls.{}]", profile.key), tls_keys(), tls, context);
    out.tls.push_back(std::move(tls));
  }
}

void read_section(const ConfigEntry& entry, Config& out, ReadContext& context) {
  if (entry.key == "engine") return read_table(entry, "[engine]", engine_keys(), out.engine, context);
  if (entry.key == "limits") return read_table(entry, "[limits]", limit_keys(), out.limits, context);
  if (entry.key == "crypto") return read_table(entry, "[crypto]", crypto_keys(), out.crypto, context);
  if (entry.key == "port") return read_ports(entry, out, context);
  if (entry.key == "listener") return read_listeners(entry, out, context);
  if (entry.key == "tls") return read_tls_profiles(entry, out, context);
  context.fault(entry.at, "unknown section \"{}\"{}", entry.key, suggestion(entry.key, kSections));
}

template <class Target>
void append(std::vector<KeyHelp>& out, std::string_view section, std::span<const Key<Target>> keys) {
  for (const Key<Target>& key : keys) out.push_back({section, key.name, key.type, key.default_value, key.help});
}

}  // namespace

std::string to_string(const Fault& fault, std::string_view file) {
  if (fault.at.line == 0) return fmt::format("{}: {}", file, fault.message);
  return fmt::format("{}:{}:{}: {}", file, fault.at.line, fault.at.column, fault.message);
}

const TlsSettings* Config::find_tls(std::string_view name) const {
  const auto found = std::find_if(tls.begin(), tls.end(), [&](const TlsSettings& each) { return each.name == name; });
  return found == tls.end() ? nullptr : &*found;
}

std::uint16_t Config::workers_of(std::size_t port) const {
  const std::size_t all = ports.size();
  return static_cast<std::uint16_t>((engine.worker_count + all - 1 - port) / all);
}

Config default_config() {
  const auto prefix = [](std::string_view text) { return wire::IpPrefix::parse(text).value(); };
  Config config;
  config.ports.push_back({.device = "net_tap0,iface=handsel0",
                          .addresses = {prefix("10.77.0.2/24"), prefix("fd77::2/64")},
                          .kernel_addresses = {prefix("10.77.0.1/24"), prefix("fd77::1/64")}});
  config.tls.push_back({.name = "default", .alpn = {"http/1.1"}, .min_version = 0x0303});
  config.listeners.push_back({.port = 443, .tls = "default", .service = "http"});
  config.listeners.push_back({.port = 80, .service = "http"});
  return config;
}

std::expected<Config, std::vector<Fault>> parse_config(std::string_view text, const std::filesystem::path& folder) {
  const auto root = parse_toml(text);
  if (!root) return std::unexpected(std::vector{root.error()});
  Config config;
  ReadContext context{.folder = folder, .faults = {}};
  for (const ConfigEntry& entry : std::get<ConfigNode::Table>(root->value)) read_section(entry, config, context);
  check_together(config, context);
  if (context.faults.empty()) return config;
  std::sort(context.faults.begin(), context.faults.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.at.line, a.at.column, a.message) < std::tie(b.at.line, b.at.column, b.message);
  });
  return std::unexpected(std::move(context.faults));
}

std::expected<Config, std::vector<Fault>> load_config(const std::filesystem::path& file) {
  const auto unreadable = [](std::string why) { return std::unexpected(std::vector{Fault{{}, std::move(why)}}); };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return unreadable("it is a folder; a TOML file is wanted");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return unreadable(fmt::format("it can't be read: {}", std::strerror(errno)));
  std::string text;
  for (char block[4'096]; stream.read(block, sizeof block) || stream.gcount() > 0;) {
    text.append(block, static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kMaxFileBytes) return unreadable("it is larger than 1 MiB, which no configuration is");
  }
  return parse_config(text, file.parent_path());
}

std::vector<KeyHelp> config_keys() {
  std::vector<KeyHelp> keys;
  append(keys, "[engine]", engine_keys());
  append(keys, "[[port]]", port_keys());
  append(keys, "[[port]] impair", impairment_keys());
  append(keys, "[[listener]]", listener_keys());
  append(keys, "[tls.NAME]", tls_keys());
  append(keys, "[tls.NAME] certificates", certificate_keys());
  append(keys, "[limits]", limit_keys());
  append(keys, "[crypto]", crypto_keys());
  return keys;
}

}  // namespace handsel::engine
