/// What a case may ask about: options of a segment, the outcome of an event, the state of the connection.

#include <cmath>
#include <map>
#include <stdexcept>

#include "stage.h"

namespace handsel::conformance {

using wire::TcpHeader;

void Stage::expect_options(const SegmentSpec& spec, const TcpHeader& header) const {
  const wire::TcpOptions& options = header.options;
  const auto fail = [](const std::string& what) { throw std::runtime_error(what); };
  if (spec.options.mss && options.mss != spec.options.mss)
    fail("the MSS option is " + std::to_string(options.mss.value_or(0)));
  if (spec.options.window_scale && options.window_scale != spec.options.window_scale) fail("the window scale is wrong");
  if (spec.options.sack_permitted && !options.sack_permitted) fail("SACK is not permitted");
  if (spec.no_timestamps && options.timestamps) fail("there is a timestamp");
  if (spec.no_sack && (options.sack_count != 0 || options.sack_permitted)) fail("there is SACK");
  if (spec.options.timestamps &&
      (!options.timestamps || options.timestamps->echo_reply != spec.options.timestamps->echo_reply))
    fail("the echoed timestamp is " + std::to_string(options.timestamps ? options.timestamps->echo_reply : 0));
  if (spec.options.sack_count == 0) return;
  if (options.sack_count != spec.options.sack_count) fail(std::to_string(options.sack_count) + " SACK blocks");
  for (std::uint8_t i = 0; i < options.sack_count; ++i)
    if (options.sack[i].left != peer_iss_ + spec.options.sack[i].left.raw() ||
        options.sack[i].right != peer_iss_ + spec.options.sack[i].right.raw())
      fail("SACK block " + std::to_string(i) + " is " +
           std::to_string(static_cast<std::uint32_t>(options.sack[i].left - peer_iss_)) + ":" +
           std::to_string(static_cast<std::uint32_t>(options.sack[i].right - peer_iss_)));
}

void Stage::expect_outcome(const Line& line) {
  static const std::map<std::string, tcp::End> kEnds = {
      {"closed", tcp::End::closed},   {"reset_by_peer", tcp::End::reset_by_peer},
      {"aborted", tcp::End::aborted}, {"timed_out", tcp::End::timed_out},
      {"refused", tcp::End::refused}, {"none", tcp::End::none}};
  for (std::size_t i = 1; i < line.words.size(); ++i) {
    const std::string& word = line.words[i];
    bool holds = false;
    if (word == "established")
      holds = outcome_.established;
    else if (word == "readable")
      holds = outcome_.readable;
    else if (word == "peer_finished")
      holds = outcome_.peer_finished;
    else if (word == "acknowledged")
      holds = outcome_.acknowledged;
    else if (word == "urgent")
      holds = outcome_.urgent;
    else if (word == "calm")
      holds = !outcome_.urgent;
    else if (word == "refuse")
      holds = outcome_.refuse;
    else if (word == "no_refuse")
      holds = !outcome_.refuse;
    else if (word == "reopen")
      holds = outcome_.reopen;
    else if (word == "taken")
      holds = !outcome_.dropped;
    else if (const auto end = kEnds.find(word); end != kEnds.end())
      holds = ended_ == end->second;
    else
      holds = outcome_.dropped && name_of(*outcome_.dropped) == word;
    if (!holds)
      throw std::runtime_error("not " + word +
                               "; dropped: " + std::string(outcome_.dropped ? name_of(*outcome_.dropped) : "no"));
  }
}

double Stage::value_of(const std::string& key) const {
  const tcp::Connection& c = *connection_;
  if (key == "cwnd") return c.cwnd();
  if (key == "ssthresh") return c.ssthresh();
  if (key == "flight") return c.bytes_in_flight();
  if (key == "unsent") return c.unsent_bytes();
  if (key == "rto_ms") return c.rtt().rto_us() / 1e3;
  if (key == "srtt_ms") return c.rtt().srtt_us() / 1e3;
  if (key == "retransmits") return c.retransmits();
  if (key == "urgent") return c.urgent_bytes();
  if (key == "undone") return c.undone();
  if (key == "snd_wnd") return c.snd_wnd();
  if (key == "rcv_wnd") return c.rcv_wnd();
  if (key == "readable") return static_cast<double>(c.readable_bytes());
  if (key == "reassembly") return c.reassembly_bytes();
  if (key == "send_mss") return c.send_mss();
  if (key == "chunks") return pool_.capacity() - pool_.available();
  if (key == "timer") return c.next_deadline() == kNever ? 0 : 1;
  if (key == "sack_on") return c.sack_on();
  if (key == "ts_on") return c.timestamps_on();
  if (key == "ecn_on") return c.ecn_on();
  if (key == "send_wscale") return c.send_wscale();
  if (key == "receive_wscale") return c.receive_wscale();
  if (key == "send_room") return static_cast<double>(c.send_room());
  throw std::runtime_error("check " + key + "?");
}

/// check KEY OPERATOR NUMBER, or check state NAME.
void Stage::check(const Line& line) {
  const std::string& key = line.words.at(1);
  if (key == "state") {
    if (name_of(connection_->state()) != line.words.at(2))
      throw std::runtime_error("the state is " + std::string(name_of(connection_->state())));
    return;
  }
  const double value = value_of(key);
  const std::string& op = line.words.at(2);
  const double wanted = std::stod(line.words.at(3));
  const bool holds = op == "=="   ? std::abs(value - wanted) < 1e-6
                     : op == "<"  ? value < wanted
                     : op == ">"  ? value > wanted
                     : op == "<=" ? value <= wanted
                                  : op == ">=" && value >= wanted;
  if (!holds) throw std::runtime_error(key + " is " + std::to_string(value));
}

}  // namespace handsel::conformance
