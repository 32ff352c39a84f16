#pragma once
/// The little language of the conformance cases, near packetdrill's. Described in README.md beside this file.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/tcp.h"

namespace handsel::conformance {

/// One line of a case.
struct Line {
  int number = 0;
  double delay = 0;                // seconds after the line before
  std::vector<std::string> words;  // the command and its arguments; options are one word, "<…>"
};

struct Case {
  std::string file;
  int number = 0;
  std::string name;  // "RFC 9293 3.10.7.4: …"
  std::vector<Line> lines;
};

/// A segment as a line describes it; sequence numbers are relative to the initial ones.
struct SegmentSpec {
  std::string flags;  // of S F R P . E W U
  std::uint32_t seq = 0;
  std::uint32_t length = 0;
  std::optional<std::uint32_t> ack;
  std::optional<std::uint32_t> window;
  std::optional<std::uint32_t> urgent;
  std::optional<std::uint8_t> ecn;
  wire::TcpOptions options;  // SACK edges relative
  bool no_timestamps = false;
  bool no_sack = false;
  bool any_sequence = false;
};

/// Throws std::runtime_error with a line number on what it does not understand.
std::vector<Case> read_cases(const std::string& path);
SegmentSpec parse_segment(const std::vector<std::string>& words);

}  // namespace handsel::conformance
