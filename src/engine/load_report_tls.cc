#include "engine/load_report_tls.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "tls/alert.h"

namespace handsel::engine {
namespace {

using nlohmann::json;

// A group of counters by its name in the engine, its name here, and its heading for people.
struct Part {
  std::string_view group;
  const char* name;
  std::string_view heading;
};
constexpr Part kAgreed[] = {{"tls_versions", "versions", "version"},
                            {"tls_suites", "suites", "suite"},
                            {"tls_groups", "groups", "group"},
                            {"tls_signatures", "signatures", "signature"}};
constexpr Part kAlerts[] = {{"tls_alerts_sent", "alerts_sent", "alerts sent"},
                            {"tls_alerts_received", "alerts_received", "received"}};
constexpr Part kFailures[] = {{"tls_failures", "failures", "in the handshake"},
                              {"tls_connection_failures", "failures_after_handshake", "after it"}};

const std::vector<NamedValue>& values_in(const NamedGroups& groups, std::string_view name) {
  static const std::vector<NamedValue> kNone;
  const auto found = std::ranges::find(groups, name, &NamedGroup::name);
  return found == groups.end() ? kNone : found->values;
}

std::uint64_t handshakes(const NamedGroups& groups, std::string_view what) {
  const std::vector<NamedValue>& values = values_in(groups, "tls");
  const auto found = std::ranges::find(values, fmt::format("handshakes_{}", what), &NamedValue::name);
  return found == values.end() ? 0 : found->value;
}

std::string_view explain_error(std::string_view name) {
  for (std::size_t row = 0; row < tls::kErrors; ++row)
    if (const auto error = static_cast<tls::Error>(row); tls::name_of(error) == name) return tls::explain(error);
  return {};
}

// What a person can do about a failure who did not expect it.
std::string_view advice(std::string_view error) {
  if (error == "unknown_authority")
    return "--ca FILE names who vouches for it, --pin its key; with --insecure nothing is verified";
  if (error == "wrong_certificate_name") return "--sni NAME says for whom it is to be";
  if (error == "unsupported_version" || error == "no_common_cipher_suite" || error == "handshake_refused")
    return "--tls, --suites and --groups say what is offered";
  return {};
}

json values_json(const std::vector<NamedValue>& values) {
  json out = json::object();
  for (const NamedValue& value : values) out[value.name] = value.value;
  return out;
}

}  // namespace

std::string render_load_tls(const NamedGroups& engine) {
  const std::uint64_t completed = handshakes(engine, "completed");
  const std::uint64_t resumed = handshakes(engine, "resumed");
  std::string out =
      fmt::format("tls          {} handshakes: {} full, {} resumed", completed, completed - resumed, resumed);
  for (const char* what : {"retried", "failed", "abandoned"})
    if (const auto count = handshakes(engine, what); count != 0) out += fmt::format(", {} {}", count, what);
  out += '\n';
  for (const Part& part : kAgreed)
    for (const NamedValue& value : values_in(engine, part.group))
      out += fmt::format("  {:<12} {:>10}   {}\n", part.heading, value.value, value.name);
  for (const Part& part : kFailures)
    for (const NamedValue& value : values_in(engine, part.group)) {
      out += fmt::format("  {:<12} {:>10}   {} {}: {}\n", "failed", value.value, part.heading, value.name,
                         explain_error(value.name));
      if (const auto help = advice(value.name); !help.empty()) out += fmt::format("  {:>23}   {}\n", "", help);
    }
  for (const Part& part : kAlerts)
    for (const NamedValue& value : values_in(engine, part.group))
      if (value.name != name_of(tls::Alert::close_notify))  // the end of every connection
        out += fmt::format("  {:<12} {:>10}   {}\n", part.heading, value.value, value.name);
  return out;
}

json load_tls_json(const NamedGroups& engine) {
  const std::uint64_t completed = handshakes(engine, "completed");
  const std::uint64_t resumed = handshakes(engine, "resumed");
  json out = {{"handshakes",
               {{"completed", completed},
                {"full", completed - resumed},
                {"resumed", resumed},
                {"retried", handshakes(engine, "retried")},
                {"failed", handshakes(engine, "failed")},
                {"abandoned", handshakes(engine, "abandoned")}}}};
  for (const auto& parts :
       {std::span<const Part>(kAgreed), std::span<const Part>(kFailures), std::span<const Part>(kAlerts)})
    for (const Part& part : parts) out[part.name] = values_json(values_in(engine, part.group));
  return out;
}

}  // namespace handsel::engine
