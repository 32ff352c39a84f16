#pragma once
/// handsel-load's command line.

#include <CLI/CLI.hpp>
#include <cstdint>
#include <expected>
#include <memory>
#include <string>
#include <vector>

#include "crypto/key_store.h"
#include "engine/config.h"
#include "engine/load_plan.h"
#include "engine/load_tls.h"

namespace handsel::apps {

/// As typed.
struct LoadOptions {
  std::string url;
  std::string mode;  // empty: by the URL's scheme
  std::uint32_t connections = 1;
  double rate = 0;
  double duration_s = 0;  // 0: not given
  std::uint64_t total = 0;
  double timeout_s = 10;
  int requests = -1;  // -1: not given
  std::uint64_t bytes = 65'536;
  std::uint64_t upload = 0;
  std::uint64_t expect = 0;
  bool verify = false;
  std::string host;

  engine::LoadTlsSettings tls;

  std::string device = "net_tap0,iface=handselload0";
  std::vector<std::string> addresses;
  std::uint32_t sources = 1;
  std::vector<std::string> kernel_addresses;
  std::vector<std::string> gateways;
  std::uint16_t mtu = 1500;
  int vlan = -1;
  std::string impair;
  int core = -1;
  std::uint32_t memory_mib = 256;
  std::string runtime_dir;

  bool progress = false;
  bool json = false;
};

/// What the options come to.
struct LoadOrder {
  engine::LoadPlan plan;
  engine::Config config;  ///< of an engine with one port and no listeners
  std::string mode;
  bool syns = false;                       ///< nothing but SYNs: --mode syn
  std::unique_ptr<crypto::KeyStore> keys;  ///< of our own certificate
};

void declare(CLI::App& app, LoadOptions& options);
/// load_tls_options.cc: the group "TLS".
void declare_tls(CLI::App& app, engine::LoadTlsSettings& settings);
/// The error is a sentence: which option, what is wrong with it. `now_unix`: certificates must be valid then.
std::expected<LoadOrder, std::string> read(const LoadOptions& options, std::int64_t now_unix);

}  // namespace handsel::apps
