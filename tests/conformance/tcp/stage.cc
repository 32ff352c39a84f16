#include "stage.h"

#include <cmath>
#include <functional>
#include <map>
#include <sstream>
#include <stdexcept>

namespace handsel::conformance {

using tcp::Config;
using wire::SeqNum;
using wire::TcpHeader;

namespace {

constexpr std::uint32_t kChunks = 4'096;
constexpr Duration kTolerance = std::chrono::milliseconds(2);
constexpr std::uint32_t kPeerTsOffset = 7'000;

std::uint8_t stream_byte(std::size_t at) { return static_cast<std::uint8_t>(at * 31 + (at >> 8)); }
std::vector<std::uint8_t> stream(std::size_t from, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = stream_byte(from + i);
  return bytes;
}
std::uint32_t ms(Instant at) { return static_cast<std::uint32_t>(at.time_since_epoch().count() / 1'000'000); }
Duration seconds(double value) { return Duration(static_cast<std::int64_t>(std::llround(value * 1e9))); }

const std::vector<std::pair<char, wire::TcpFlag>> kFlags = {{'S', wire::kSyn}, {'F', wire::kFin}, {'R', wire::kRst},
                                                            {'P', wire::kPsh}, {'.', wire::kAck}, {'E', wire::kEce},
                                                            {'W', wire::kCwr}, {'U', wire::kUrg}};
std::string flags_text(std::uint8_t flags) {
  std::string text;
  for (const auto& [letter, bit] : kFlags)
    if ((flags & bit) != 0) text += letter;
  return text;
}

}  // namespace

Stage::Stage() : pool_(kChunks), now_(std::chrono::hours(1)), line_time_(now_) {
  our_iss_ = SeqNum(0xFFFF'FC00);  // both wrap soon
  peer_iss_ = SeqNum(0xFFFF'FE00);
}

void Stage::play(const Case& script) {
  for (const Line& line : script.lines) {
    try {
      run(line);
    } catch (const std::exception& error) {
      throw std::runtime_error(script.file + ":" + std::to_string(line.number) + ": " + error.what());
    }
  }
  no_output("at the end of the case");
  connection_.reset();
  if (pool_.available() != kChunks) throw std::runtime_error(script.file + ": chunks leaked by " + script.name);
}

void Stage::no_output(const std::string& why) const {
  if (!emitted_.empty()) throw std::runtime_error("unexpected " + why + ": " + describe(emitted_.front()));
}

void Stage::collect() {
  if (!connection_) return;
  connection_->detach_segment();
  for (int i = 0; i < 10'000; ++i) {
    auto segment = connection_->next_segment(now_);
    if (!segment) return;
    Emitted emitted{.out = *segment, .payload = std::vector<std::uint8_t>(segment->payload_bytes), .at = now_};
    connection_->copy_payload(*segment, emitted.payload);
    if (segment->header.options.timestamps) last_ts_value_ = segment->header.options.timestamps->value;
    emitted_.push_back(std::move(emitted));
  }
  throw std::runtime_error("next_segment never ends");
}

void Stage::note(const tcp::Outcome& outcome) {
  outcome_ = outcome;
  if (outcome.ended != tcp::End::none) ended_ = outcome.ended;
}

void Stage::advance_to(Instant when) {
  while (connection_ && connection_->next_deadline() <= when) {
    now_ = std::max(now_, connection_->next_deadline());
    note(connection_->on_timer(now_));
    collect();
  }
  now_ = when;
}

void Stage::run(const Line& line) {
  const std::string& command = line.words[0];
  line_time_ += seconds(line.delay);
  advance_to(line_time_);
  if (command == "config") return configure(line);
  if (command == "server") return handshake_as_server(line);
  if (command == "client") return handshake_as_client(line);
  if (command == "listen" || command == "connect") return open(line);
  const std::vector<std::string> rest(line.words.begin() + 1, line.words.end());
  if (command == "<") {
    no_output("before the segment");
    inject(parse_segment(rest));
    return collect();
  }
  if (command == ">") return expect(parse_segment(rest));
  if (command == "quiet") return no_output("while it should be quiet");
  if (command == "outcome") return expect_outcome(line);
  if (command == "check") return check(line);
  application(line);
  collect();
}

void Stage::configure(const Line& line) {
  const std::map<std::string, std::function<void(std::uint32_t)>> keys = {
      {"mss", [&](auto v) { config_.mss = static_cast<std::uint16_t>(v); }},
      {"path_mss", [&](auto v) { config_.path_mss = static_cast<std::uint16_t>(v); }},
      {"send_buffer", [&](auto v) { config_.send_buffer_bytes = v; }},
      {"receive_buffer", [&](auto v) { config_.receive_buffer_bytes = v; }},
      {"nagle", [&](auto v) { config_.nagle = v != 0; }},
      {"timestamps", [&](auto v) { config_.timestamps = v != 0; }},
      {"sack", [&](auto v) { config_.sack = v != 0; }},
      {"window_scaling", [&](auto v) { config_.window_scaling = v != 0; }},
      {"ecn", [&](auto v) { config_.ecn = v != 0; }},
      {"ipv6", [&](auto v) { config_.ipv6 = v != 0; }},
      {"pacing", [&](auto v) { config_.pacing = v != 0; }},
      {"newreno", [&](auto) { config_.congestion = tcp::CongestionAlgorithm::newreno; }},
      {"syn_timeout", [&](auto v) { config_.syn_timeout = std::chrono::seconds(v); }},
      {"user_timeout", [&](auto v) { config_.user_timeout = std::chrono::seconds(v); }},
      {"time_wait", [&](auto v) { config_.time_wait = std::chrono::seconds(v); }},
      {"fin_wait_2", [&](auto v) { config_.fin_wait_2 = std::chrono::seconds(v); }},
      {"keepalive_idle", [&](auto v) { config_.keepalive_idle = std::chrono::seconds(v); }},
      {"keepalive_interval", [&](auto v) { config_.keepalive_interval = std::chrono::seconds(v); }},
      {"keepalive_probes", [&](auto v) { config_.keepalive_probes = static_cast<std::uint8_t>(v); }},
      {"our_iss", [&](auto v) { our_iss_ = SeqNum(v); }},
      {"peer_iss", [&](auto v) { peer_iss_ = SeqNum(v); }},
  };
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::size_t equals = line.words[i].find('=');
    const auto found = keys.find(line.words[i].substr(0, equals));
    if (equals == std::string::npos || found == keys.end()) throw std::runtime_error("config " + line.words[i] + "?");
    found->second(static_cast<std::uint32_t>(std::stoul(line.words[i].substr(equals + 1))));
  }
}

void Stage::open(const Line& line) {
  active_ = line.words[0] == "connect";
  if (active_) {
    connection_.emplace(config_, pool_, our_iss_, now_);
    collect();
  }
}

/// A handshake of 10 ms: sack, ts, ws=N, mss=N, win=N, ecn say what the peer offers.
void Stage::handshake_as_server(const Line& line) {
  SegmentSpec syn{.flags = "S", .window = 65'535};
  syn.options.mss = 1'460;
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::string& word = line.words[i];
    const std::string value = word.find('=') == std::string::npos ? "" : word.substr(word.find('=') + 1);
    if (word == "sack")
      syn.options.sack_permitted = true;
    else if (word == "ts")
      syn.options.timestamps = wire::TcpTimestamps{ms(now_) + kPeerTsOffset, 0};
    else if (word == "ecn")
      syn.flags = "SEW";
    else if (word.rfind("ws=", 0) == 0)
      syn.options.window_scale = static_cast<std::uint8_t>(std::stoul(value));
    else if (word.rfind("mss=", 0) == 0)
      syn.options.mss = static_cast<std::uint16_t>(std::stoul(value));
    else if (word.rfind("win=", 0) == 0)
      peer_window_ = static_cast<std::uint16_t>(std::stoul(value));
    else
      throw std::runtime_error("server " + word + "?");
  }
  inject(syn);
  collect();
  emitted_.clear();
  line_time_ += std::chrono::milliseconds(10);
  advance_to(line_time_);
  inject({.flags = ".", .seq = 1, .ack = 1});
  collect();
  if (connection_->state() != tcp::State::established) throw std::runtime_error("the handshake failed");
  no_output("after the handshake");
}

void Stage::handshake_as_client(const Line& line) {
  active_ = true;
  SegmentSpec answer{.flags = "S.", .ack = 1, .window = 65'535};
  answer.options.mss = 1'460;
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    if (line.words[i] == "sack")
      answer.options.sack_permitted = true;
    else if (line.words[i] == "ts")
      answer.options.timestamps = wire::TcpTimestamps{ms(now_) + kPeerTsOffset, 0};
    else if (line.words[i] == "ecn")
      answer.flags = "S.E";
    else
      throw std::runtime_error("client " + line.words[i] + "?");
  }
  connection_.emplace(config_, pool_, our_iss_, now_);
  collect();
  line_time_ += std::chrono::milliseconds(10);
  advance_to(line_time_);
  inject(answer);
  collect();
  emitted_.clear();
  if (connection_->state() != tcp::State::established) throw std::runtime_error("the handshake failed");
}

void Stage::inject(const SegmentSpec& spec) {
  TcpHeader header;
  for (const char letter : spec.flags)
    for (const auto& [known, bit] : kFlags)
      if (letter == known) header.flags |= bit;
  header.seq = peer_iss_ + spec.seq;
  if (spec.ack) header.ack = our_iss_ + *spec.ack;
  header.window = static_cast<std::uint16_t>(spec.window.value_or(peer_window_));
  if (!header.has(wire::kSyn) && spec.window) peer_window_ = header.window;
  if (spec.urgent) header.urgent_pointer = static_cast<std::uint16_t>(*spec.urgent);
  header.options = spec.options;
  for (std::uint8_t i = 0; i < header.options.sack_count; ++i)
    header.options.sack[i] = {our_iss_ + spec.options.sack[i].left.raw(), our_iss_ + spec.options.sack[i].right.raw()};
  if (connection_ && connection_->timestamps_on() && !spec.no_timestamps && !header.options.timestamps)
    header.options.timestamps = wire::TcpTimestamps{ms(now_) + kPeerTsOffset, last_ts_value_};
  const auto payload = stream(spec.seq == 0 ? 0 : spec.seq - 1, spec.length);
  if (!connection_) {
    connection_.emplace(config_, pool_, header, our_iss_, now_);
    return;
  }
  note(connection_->on_segment(header, payload, spec.ecn.value_or(0), now_));
  connection_->detach_segment();
}

std::string Stage::describe(const Emitted& emitted) const {
  const TcpHeader& header = emitted.out.header;
  std::ostringstream text;
  const auto seq = static_cast<std::uint32_t>(header.seq - our_iss_);
  text << "> " << flags_text(header.flags) << ' ' << seq << ':' << seq + emitted.payload.size() << '('
       << emitted.payload.size() << ')';
  if (header.has(wire::kAck)) text << " ack " << static_cast<std::uint32_t>(header.ack - peer_iss_);
  text << " win " << header.window;
  for (std::uint8_t i = 0; i < header.options.sack_count; ++i)
    text << (i == 0 ? " sack " : " ") << static_cast<std::uint32_t>(header.options.sack[i].left - peer_iss_) << ':'
         << static_cast<std::uint32_t>(header.options.sack[i].right - peer_iss_);
  text << " at " << std::chrono::duration<double>(emitted.at - line_time_).count() << " s";
  return text.str();
}

void Stage::expect(const SegmentSpec& spec) {
  if (emitted_.empty()) throw std::runtime_error("nothing was sent");
  const Emitted got = std::move(emitted_.front());
  emitted_.pop_front();
  const auto fail = [&](const std::string& what) { throw std::runtime_error(what + " is wrong in " + describe(got)); };
  const TcpHeader& header = got.out.header;
  if (got.at > line_time_ + kTolerance || got.at < line_time_ - kTolerance) fail("the time");
  std::uint8_t wanted = 0;
  for (const char letter : spec.flags)
    for (const auto& [known, bit] : kFlags)
      if (letter == known) wanted |= bit;
  const std::uint8_t ignored = spec.flags.find('P') == std::string::npos ? std::uint8_t{wire::kPsh} : std::uint8_t{0};
  if ((header.flags & ~ignored) != wanted) fail("a flag");
  if (!spec.any_sequence && (header.seq != our_iss_ + spec.seq || got.payload.size() != spec.length)) fail("the range");
  if (spec.ack && header.ack != peer_iss_ + *spec.ack) fail("the acknowledgement");
  if (spec.window && header.window != *spec.window) fail("the window");
  if (spec.ecn && got.out.ip_ecn != *spec.ecn) fail("the ECN field");
  if (!got.payload.empty() &&
      got.payload != stream(static_cast<std::uint32_t>(header.seq - our_iss_) - 1, got.payload.size()))
    fail("the payload");
  expect_options(spec, header);
}

void Stage::read(const std::string& count) {
  const std::size_t wanted = count == "all" ? connection_->readable_bytes() : std::stoul(count);
  if (wanted > connection_->readable_bytes())
    throw std::runtime_error("only " + std::to_string(connection_->readable_bytes()) + " bytes to read");
  for (std::size_t done = 0; done < wanted;) {
    const Bytes piece = connection_->readable();
    const std::size_t take = std::min(piece.size(), wanted - done);
    for (std::size_t i = 0; i < take; ++i)
      if (piece[i] != stream_byte(read_ + i)) throw std::runtime_error("a byte read is not what the peer sent");
    connection_->consume(take);
    done += take;
    read_ += take;
  }
}

void Stage::application(const Line& line) {
  const std::string& command = line.words[0];
  const auto argument = [&](std::size_t i) { return static_cast<std::uint32_t>(std::stoul(line.words.at(i))); };
  if (command == "write") {
    const std::size_t taken = connection_->write(stream(written_, argument(1)));
    written_ += taken;
    if (line.words.size() > 2 && line.words[2] == "shutdown")
      connection_->shutdown_write();
    else if (line.words.size() > 2 && taken != argument(2))
      throw std::runtime_error("took " + std::to_string(taken));
  } else if (command == "read") {
    read(line.words.at(1));
  } else if (command == "shutdown") {
    connection_->shutdown_write();
  } else if (command == "close") {
    connection_->close();
  } else if (command == "abort") {
    connection_->abort();
  } else if (command == "toobig") {  // toobig MSS SEQ
    note(connection_->on_packet_too_big(static_cast<std::uint16_t>(argument(1)), our_iss_ + argument(2), now_));
  } else if (command == "unreachable") {
    note(connection_->on_unreachable(our_iss_ + argument(1), line.words.size() < 3 || line.words[2] != "soft"));
  } else {
    throw std::runtime_error("unknown command: " + command);
  }
}

}  // namespace handsel::conformance
