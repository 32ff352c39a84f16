#include "crowd.h"

#include <algorithm>

namespace handsel::sim {
namespace {

constexpr std::uint16_t kFirstPort = 1'024;
constexpr std::uint16_t kFirstAddress = 0x2000;
constexpr std::uint16_t kAddresses = 64;  // that a crowd shares

}  // namespace

Crowd::Crowd(const Config& config) : config_(config), members_(config.members) {
  for (std::uint16_t i = 0; i < config.members; ++i) due_.push({config.begins + i * config.every, i});
}

void Crowd::run(Instant now, flow::FrameSink& out) {
  while (next_deadline() <= now) {
    const std::uint16_t index = due_.top().member;
    due_.pop();
    Member& member = members_[index];
    if (member.gone) continue;
    if (member.opened) {
      speak(index, 1, now, out);
      continue;
    }
    member.opened = true;
    member.snd_nxt = wire::SeqNum(0x1000'0000u + index);
    send(index, wire::kSyn, {}, out);
  }
}

void Crowd::receive(Frame frame, Instant now, flow::FrameSink& out) {
  const auto answer = segment_of(frame);
  if (muted_ || !answer) return;
  const std::uint16_t index = static_cast<std::uint16_t>(answer->header.destination_port - kFirstPort);
  if (index >= members_.size() || members_[index].gone) return;
  Member& member = members_[index];
  if (answer->header.has(wire::kRst)) {
    member.gone = true;
    return;
  }
  if (answer->header.has(wire::kSyn) && !member.connected) {
    member.connected = true;
    member.rcv_nxt = answer->header.seq;
    if (config_.pause == Duration{} && !config_.says.empty()) {
      member.rcv_nxt = answer->end();
      return speak(index, config_.says.size(), now, out);
    }
    if (!config_.says.empty()) due_.push({now + config_.pause, index});
  }
  if (answer->end() == answer->header.seq || answer->header.seq != member.rcv_nxt) return;  // nothing new in it
  member.rcv_nxt = answer->end();
  const bool handshake = answer->header.has(wire::kSyn);
  const bool leaves = config_.then == Then::close && answer->header.has(wire::kFin);
  member.gone = leaves || (config_.then == Then::reset && !handshake);
  send(index, !member.gone ? wire::kAck : leaves ? wire::kAck | wire::kFin : wire::kRst, {}, out);
}

void Crowd::speak(std::uint16_t index, std::size_t most, Instant now, flow::FrameSink& out) {
  Member& member = members_[index];
  const std::string words = config_.says.substr(member.said, most);
  member.said += words.size();
  said_ += words.size();
  send(index, wire::kAck | wire::kPsh, words, out);
  if (member.said < config_.says.size()) due_.push({now + config_.pause, index});
}

void Crowd::send(std::uint16_t index, std::uint8_t flags, const std::string& payload, flow::FrameSink& out) {
  Member& member = members_[index];
  Segment made;
  made.link = {.destination = kServerMac, .source = client_mac(config_.id)};
  made.source = client_address(
      static_cast<std::uint16_t>(kFirstAddress + config_.id % 64 * kAddresses + index % kAddresses), false);
  made.destination = server_address(false);
  made.header.source_port = static_cast<std::uint16_t>(kFirstPort + index);
  made.header.destination_port = config_.port;
  made.header.seq = member.snd_nxt;
  if (member.connected) made.header.ack = member.rcv_nxt;
  made.header.flags = flags;
  made.header.window = 65'535;
  made.payload.assign(payload.begin(), payload.end());
  member.snd_nxt = made.end();
  const Frame frame = frame_of(made);
  const MutableBytes room = out.begin(frame.size());
  std::copy(frame.begin(), frame.end(), room.begin());
  out.commit(frame.size());
}

}  // namespace handsel::sim
