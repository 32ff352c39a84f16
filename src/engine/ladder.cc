#include "engine/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace handsel::engine {
namespace {

/// The sequence numbers that the two sides began with, as far as the record shows them.
struct Isns {
  std::optional<std::uint32_t> client;
  std::optional<std::uint32_t> server;
};

bool has_flag(const LadderEvent& event, std::string_view flag) {
  std::string_view rest = event.flags;
  while (!rest.empty()) {
    const std::size_t end = rest.find(' ');
    if (rest.substr(0, end) == flag) return true;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  return false;
}

Isns find_isns(const Ladder& ladder) {
  Isns isns;
  for (const LadderEvent& event : ladder.events) {
    if (!has_flag(event, "SYN") || !event.drop.empty()) continue;
    auto& isn = event.received ? isns.client : isns.server;
    if (!isn) isn = event.seq;
  }
  return isns;
}

/// "X+518"; the number itself when the ISN is not known. A number before the ISN (a keep-alive, a blind guess) is
/// "X-1": distances are taken around the circle (RFC 9293 3.4).
std::string relative(char letter, std::optional<std::uint32_t> isn, std::uint32_t number) {
  if (!isn) return std::to_string(number);
  const auto distance = static_cast<std::int32_t>(number - *isn);
  if (distance == 0) return std::string(1, letter);
  return fmt::format("{}{:+}", letter, distance);
}

std::string sequence_text(const LadderEvent& event, const Isns& isns) {
  const char letter = event.received ? 'X' : 'Y';
  const auto isn = event.received ? isns.client : isns.server;
  if (isn == event.seq && has_flag(event, "SYN")) return fmt::format("seq={}={}", letter, event.seq);
  return "seq=" + relative(letter, isn, event.seq);
}

std::string acknowledgement_text(const LadderEvent& event, const Isns& isns) {
  if (!event.ack) return {};
  return " ack=" + relative(event.received ? 'Y' : 'X', event.received ? isns.server : isns.client, *event.ack);
}

/// So many messages stand in their segment's line; more of them below it.
constexpr std::size_t kMessagesInLine = 2;

std::string messages_text(const std::vector<std::string>& messages) {
  if (messages.empty() || messages.size() > kMessagesInLine) return {};
  return fmt::format("  {}", fmt::join(messages, ", "));
}

/// The messages of a segment that has many, in lines of at most `width` columns (a name alone may be longer).
std::vector<std::string> message_lines(const std::vector<std::string>& messages, std::size_t width) {
  std::vector<std::string> lines;
  if (messages.size() <= kMessagesInLine) return lines;
  for (const std::string& message : messages) {
    const std::string word = message + (&message == &messages.back() ? "" : ",");
    if (lines.empty() || lines.back().size() + 1 + word.size() > width)
      lines.push_back(word);
    else
      lines.back() += ' ' + word;
  }
  return lines;
}

std::string describe(const Ladder& ladder, const LadderEvent& event, const Isns& isns) {
  std::string text =
      fmt::format("{:<8} {}{}", event.flags, sequence_text(event, isns), acknowledgement_text(event, isns));
  if (has_flag(event, "SYN")) text += fmt::format(" win={}", event.window);
  if (event.payload_bytes != 0) text += fmt::format(" {} B", event.payload_bytes);
  if (has_flag(event, "SYN") && !event.options.empty()) text += ' ' + event.options;
  text += messages_text(event.tls);
  const bool hello = std::find(event.tls.begin(), event.tls.end(), "ClientHello") != event.tls.end();
  if (hello && !ladder.server_name.empty()) text += " sni=" + ladder.server_name;
  if (event.retransmission) text += "  again";
  if (!event.drop.empty()) text += "  DROPPED " + event.drop;
  return text;
}

/// Columns on the screen: the bytes that begin a character.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

/// A name from the network: nothing in it may move a terminal's cursor.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) c = '?';
  return text;
}

LadderEvent event_from_json(const nlohmann::json& json) {
  LadderEvent event;
  event.t_ns = json.at("t_ns").get<std::int64_t>();
  event.received = json.at("dir").get<std::string>() == "rx";
  event.flags = printable(json.at("flags").get<std::string>());
  event.seq = json.at("seq").get<std::uint32_t>();
  if (const auto ack = json.find("ack"); ack != json.end() && !ack->is_null()) event.ack = ack->get<std::uint32_t>();
  event.payload_bytes = json.value("len", 0u);
  event.window = json.value("window", 0u);
  event.options = printable(json.value("options", ""));
  for (std::string& message : json.value("tls", std::vector<std::string>{}))
    event.tls.push_back(printable(std::move(message)));
  if (const auto drop = json.find("drop"); drop != json.end() && drop->is_string())
    event.drop = printable(drop->get<std::string>());
  event.retransmission = json.value("retransmission", false);
  return event;
}

Ladder ladder_from_json(const nlohmann::json& json) {
  Ladder ladder;
  ladder.id = json.value("id", std::uint64_t{0});
  ladder.client = printable(json.at("client").get<std::string>());
  ladder.server = printable(json.at("server").get<std::string>());
  ladder.worker = json.value("worker", 0u);
  if (const auto ms = json.find("handshake_ms"); ms != json.end() && ms->is_number())
    ladder.handshake_ms = ms->get<double>();
  if (const auto tls = json.find("tls"); tls != json.end() && tls->is_object()) {
    for (const char* part : {"version", "group", "suite"}) {
      const std::string text = printable(tls->value(part, ""));
      if (text.empty()) continue;
      if (!ladder.tls.empty()) ladder.tls += ' ';
      ladder.tls += text;
    }
    if (tls->value("resumed", false)) ladder.tls += " resumed";
    ladder.server_name = printable(tls->value("sni", ""));
  }
  ladder.events_lost = json.value("events_lost", std::uint64_t{0});
  for (const auto& event : json.at("events")) ladder.events.push_back(event_from_json(event));
  return ladder;
}

}  // namespace

std::expected<std::vector<Ladder>, std::string> ladders_from_json(const nlohmann::json& answer) {
  // nlohmann-json tells a missing or wrong member by an exception; it ends here, far from any data path.
  try {
    std::vector<Ladder> ladders;
    for (const auto& trace : answer.at("traces")) ladders.push_back(ladder_from_json(trace));
    return ladders;
  } catch (const nlohmann::json::exception& wrong) {
    return std::unexpected(fmt::format("the engine's answer is not a trace: {}", wrong.what()));
  }
}

std::string render_ladder(const Ladder& ladder, std::size_t min_columns) {
  const Isns isns = find_isns(ladder);
  std::string out = fmt::format("flow {} > {}   worker {}", ladder.client, ladder.server, ladder.worker);
  if (ladder.handshake_ms) out += fmt::format("   handshake {:.2f} ms", *ladder.handshake_ms);
  if (!ladder.tls.empty()) out += "   " + ladder.tls;
  out += '\n';

  std::vector<std::string> times;
  std::vector<std::string> texts;
  std::size_t time_columns = 0;
  std::size_t text_columns = 0;
  for (const LadderEvent& event : ladder.events) {
    times.push_back(fmt::format("+{:.3f} ms", static_cast<double>(event.t_ns) / 1e6));
    texts.push_back(describe(ladder, event, isns));
    time_columns = std::max(time_columns, times.back().size());
    text_columns = std::max(text_columns, columns(texts.back()));
  }
  // " <time>  |--- <text> --->|": beside the text, 4 columns lead in and at least 5 lead out.
  constexpr std::size_t kLeadIn = 4, kLeadOut = 5, kFrame = 5;
  constexpr std::size_t kIndent = kLeadIn + 9;  // below the sequence number
  const std::size_t wanted = time_columns + kFrame + kLeadIn + text_columns + kLeadOut;
  const std::size_t width = std::max(min_columns, wanted) - time_columns - kFrame - kLeadIn;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const bool received = ladder.events[i].received;
    const std::string dashes(width - columns(texts[i]) - 1 - (received ? 1 : 0), '-');
    out += fmt::format(" {:>{}}  |{} {} {}{}|\n", times[i], time_columns, received ? "---" : "<--", texts[i], dashes,
                       received ? ">" : "");
    const std::size_t inside = kLeadIn + width;
    for (const std::string& line : message_lines(ladder.events[i].tls, inside - kIndent - 1))
      out += fmt::format(" {:>{}}  |{:{}}{:<{}}|\n", "", time_columns, "", kIndent, line, inside - kIndent);
  }
  if (ladder.events_lost != 0) out += fmt::format(" and {} more that the record had no room for\n", ladder.events_lost);
  return out;
}

}  // namespace handsel::engine
