#pragma once
/// Plays a case: one connection in virtual time, the script as its peer, its application and its clock.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "script.h"
#include "tcp/connection.h"

namespace handsel::conformance {

class Stage {
 public:
  Stage();
  /// Throws std::runtime_error naming the line and what was otherwise than written.
  void play(const Case& script);

 private:
  struct Emitted {
    tcp::OutSegment out;
    std::vector<std::uint8_t> payload;
    Instant at;
  };

  void run(const Line& line);
  void configure(const Line& line);
  void open(const Line& line);
  void handshake_as_server(const Line& line);
  void handshake_as_client(const Line& line);
  void inject(const SegmentSpec& spec);
  void expect(const SegmentSpec& spec);
  void expect_options(const SegmentSpec& spec, const wire::TcpHeader& header) const;
  void expect_outcome(const Line& line);
  void check(const Line& line);
  void read(const std::string& count);
  void application(const Line& line);
  void note(const tcp::Outcome& outcome);
  void collect();
  void advance_to(Instant when);
  void no_output(const std::string& why) const;
  double value_of(const std::string& key) const;
  std::string describe(const Emitted& emitted) const;

  ChunkPool pool_;
  Instant now_;
  Instant line_time_;
  tcp::Config config_;
  std::optional<tcp::Connection> connection_;
  std::deque<Emitted> emitted_;
  tcp::Outcome outcome_;  // of the last event that had one
  tcp::End ended_ = tcp::End::none;
  bool active_ = false;
  wire::SeqNum our_iss_;
  wire::SeqNum peer_iss_;
  std::uint32_t last_ts_value_ = 0;
  std::uint16_t peer_window_ = 65'535;
  std::size_t written_ = 0;
  std::size_t read_ = 0;
};

}  // namespace handsel::conformance
