#include "engine/trace_json.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "tls/alert.h"
#include "tls/names.h"

namespace handsel::engine {
namespace {

std::string flag_names(std::uint8_t flags) {
  constexpr std::pair<wire::TcpFlag, std::string_view> kNames[] = {
      {wire::kSyn, "SYN"}, {wire::kFin, "FIN"}, {wire::kRst, "RST"}, {wire::kPsh, "PSH"},
      {wire::kAck, "ACK"}, {wire::kUrg, "URG"}, {wire::kEce, "ECE"}, {wire::kCwr, "CWR"}};
  std::string text;
  for (const auto& [flag, name] : kNames)
    if ((flags & flag) != 0) text += fmt::format("{}{}", text.empty() ? "" : " ", name);
  return text;
}

std::string option_text(const wire::TcpOptions& options) {
  std::string text;
  const auto add = [&](const std::string& item) { text += (text.empty() ? "" : " ") + item; };
  if (options.mss) add(fmt::format("mss={}", *options.mss));
  if (options.window_scale) add(fmt::format("ws={}", *options.window_scale));
  if (options.sack_permitted) add("sack");
  if (options.timestamps) add("ts");
  for (std::uint8_t i = 0; i < options.sack_count; ++i)
    add(fmt::format("sack[{}-{}]", options.sack[i].left.raw(), options.sack[i].right.raw()));
  return text;
}

std::string message_name(const flow::TraceEvent::Message& message) {
  const auto content = static_cast<tls::ContentType>(message.content_type);
  if (content == tls::ContentType::handshake)
    return std::string(name_of(static_cast<tls::HandshakeType>(message.message_type)));
  if (content == tls::ContentType::alert)
    return fmt::format("alert {}", name_of(static_cast<tls::Alert>(message.message_type)));
  if (content == tls::ContentType::change_cipher_spec) return "ChangeCipherSpec";
  if (content == tls::ContentType::application_data) return "application data";
  return std::string(name_of(content));
}

std::string endpoint(const wire::IpAddress& address, std::uint16_t port) {
  return fmt::format(fmt::runtime(address.is_v4() ? "{}:{}" : "[{}]:{}"), address.to_string(), port);
}

nlohmann::json event_json(const flow::TraceRecord& record, const flow::TraceEvent& event) {
  nlohmann::json json = {
      {"t_ns", (event.at - record.started).count()},
      {"dir", event.sent ? "tx" : "rx"},
      {"flags", flag_names(event.header.flags)},
      {"seq", event.header.seq.raw()},
      {"len", event.payload_bytes},
      {"window", event.header.window},
      {"options", option_text(event.header.options)},
      {"tls", nlohmann::json::array()},
  };
  if (event.header.has(wire::kAck)) json["ack"] = event.header.ack.raw();
  if (event.retransmission) json["retransmission"] = true;
  if (event.dropped) json["drop"] = name_of(*event.dropped);
  for (std::uint8_t i = 0; i < event.message_count; ++i) json["tls"].push_back(message_name(event.messages[i]));
  return json;
}

}  // namespace

nlohmann::json to_json(const flow::TraceRecord& record, std::uint64_t id) {
  nlohmann::json json = {
      {"id", id},
      {"client", endpoint(record.key.remote, record.key.remote_port)},
      {"server", endpoint(record.key.local, record.key.local_port)},
      {"worker", record.worker},
      {"events_lost", record.events_lost},
      {"events", nlohmann::json::array()},
  };
  const Instant complete = record.connected != Instant{} ? record.connected : record.established;
  if (complete != Instant{}) json["handshake_ms"] = static_cast<double>((complete - record.started).count()) / 1e6;
  if (record.connected != Instant{}) {
    json["tls"] = {{"version", tls::version_name(record.tls.version)},
                   {"suite", tls::suite_name(record.tls.cipher_suite)},
                   {"resumed", record.tls.resumed},
                   {"retried", record.tls.retried}};
    // RSA key exchange has no group, and it and a resumed handshake have no signature.
    if (record.tls.group != 0) json["tls"]["group"] = tls::group_name(record.tls.group);
    if (record.tls.signature_scheme != 0) json["tls"]["signature"] = tls::scheme_name(record.tls.signature_scheme);
    if (record.server_name[0] != '\0') json["tls"]["sni"] = record.server_name.data();
  }
  for (std::uint16_t i = 0; i < record.event_count; ++i) json["events"].push_back(event_json(record, record.events[i]));
  return json;
}

}  // namespace handsel::engine
