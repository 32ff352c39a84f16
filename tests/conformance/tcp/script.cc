#include "script.h"

#include <cctype>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace handsel::conformance {

namespace {

std::uint32_t number(const std::string& text) {
  std::size_t used = 0;
  const unsigned long long value = std::stoull(text, &used);
  if (used != text.size()) throw std::runtime_error("not a number: " + text);
  return static_cast<std::uint32_t>(value);
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (true) {
    at = text.find_first_not_of(" \t", at);
    if (at == std::string::npos || text[at] == '#') return words;
    std::size_t end =
        text[at] == '<' && at + 1 < text.size() && std::isalpha(static_cast<unsigned char>(text[at + 1])) != 0
            ? text.find('>', at) + 1
            : text.find_first_of(" \t", at);
    if (end == std::string::npos || end == 0) end = text.size();
    words.push_back(text.substr(at, end - at));
    at = end;
  }
}

void parse_options(std::string text, SegmentSpec& spec) {
  for (char& c : text)
    if (c == ',') c = ' ';
  std::istringstream in(text.substr(1, text.size() - 2));
  std::string word;
  while (in >> word) {
    std::string value;
    if (word == "mss" && in >> value) {
      spec.options.mss = static_cast<std::uint16_t>(number(value));
    } else if (word == "wscale" && in >> value) {
      spec.options.window_scale = static_cast<std::uint8_t>(number(value));
    } else if (word == "sackOK") {
      spec.options.sack_permitted = true;
    } else if (word == "TS") {
      std::string echo;
      in >> value >> echo;
      spec.options.timestamps = wire::TcpTimestamps{number(value), number(echo)};
    } else if (word == "nots") {
      spec.no_timestamps = true;
    } else if (word == "nosack") {
      spec.no_sack = true;
    } else if (word == "sack") {
      while (in >> value && value.find(':') != std::string::npos) {
        const std::size_t colon = value.find(':');
        spec.options.sack.at(spec.options.sack_count++) = {wire::SeqNum(number(value.substr(0, colon))),
                                                           wire::SeqNum(number(value.substr(colon + 1)))};
      }
    } else {
      throw std::runtime_error("unknown option: " + word);
    }
  }
}

}  // namespace

/// flags seq:end(length) [ack N] [win N] [urg N] [ecn N] [<options>]
SegmentSpec parse_segment(const std::vector<std::string>& words) {
  SegmentSpec spec;
  if (words.size() < 2) throw std::runtime_error("a segment needs flags and numbers");
  spec.flags = words[0];
  const std::string& range = words[1];
  const std::size_t colon = range.find(':');
  const std::size_t open = range.find('(');
  if (range == "*") {
    spec.any_sequence = true;
  } else {
    if (colon == std::string::npos || open == std::string::npos) throw std::runtime_error("bad range: " + range);
    spec.seq = number(range.substr(0, colon));
    spec.length = number(range.substr(open + 1, range.size() - open - 2));
    if (spec.seq + spec.length != number(range.substr(colon + 1, open - colon - 1)))
      throw std::runtime_error("range and length disagree: " + range);
  }
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.front() == '<') {
      parse_options(word, spec);
      continue;
    }
    const std::uint32_t value = number(words.at(i + 1));
    if (word == "ack")
      spec.ack = value;
    else if (word == "win")
      spec.window = value;
    else if (word == "urg")
      spec.urgent = value;
    else if (word == "ecn")
      spec.ecn = static_cast<std::uint8_t>(value);
    else
      throw std::runtime_error("unknown word: " + word);
    ++i;
  }
  return spec;
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream in(path);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::vector<Case> cases;
  std::string text;
  for (int line_number = 1; std::getline(in, text); ++line_number) {
    if (text.rfind("case ", 0) == 0) {
      cases.push_back({.file = path, .number = line_number, .name = text.substr(5), .lines = {}});
      continue;
    }
    Line line{.number = line_number, .delay = 0, .words = split(text)};
    if (line.words.empty()) continue;
    if (cases.empty()) throw std::runtime_error(path + ": a line before the first case");
    if (line.words[0][0] == '+') {
      line.delay = std::stod(line.words[0].substr(1));
      line.words.erase(line.words.begin());
    }
    cases.back().lines.push_back(line);
  }
  return cases;
}

}  // namespace handsel::conformance
