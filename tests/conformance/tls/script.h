#pragma once
/// The cases: what is altered in a handshake, and what the engine has to say to it. The language is described in
/// README.md beside this file.

#include <string>
#include <vector>

namespace handsel::tls::conformance {

using Words = std::vector<std::string>;

/// What stands between spaces.
Words words_of(const std::string& line);

struct Line {
  int number = 0;
  Words words;
};

struct Case {
  std::string file;
  int number = 0;
  std::string name;  ///< "RFC 8446 4.1.2: …"
  Words values;      ///< of the loops that it was unrolled from
  std::vector<Line> lines;
};

/// The cases of one file, with each `for` unrolled. Throws std::runtime_error with a line number on what it does not
/// understand.
std::vector<Case> read_cases(const std::string& path);

}  // namespace handsel::tls::conformance
