#pragma once
/// Reads the test vectors of vectors/, which are text:
///
///     # a comment
///     let NAME HEX        what {NAME} stands for from here on
///     key HEX             the key of all that follow
///     algorithm NAME      the same
///     NUMBER ok|refused WHAT FIELD...     one case: fields are bytes in hexadecimal, - is none

#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "hex.h"

namespace handsel::crypto {

struct Vector {
  int number;  ///< in the file that it is from
  bool accepted;
  std::string what;
  std::string algorithm;
  std::vector<std::uint8_t> key;
  std::vector<std::vector<std::uint8_t>> fields;
};

class VectorReader {
 public:
  std::vector<Vector> read(const std::string& text) {
    std::vector<Vector> vectors;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string first, second;
      words >> first >> second;
      if (first.empty() || first == "#") continue;
      if (first == "let") {
        words >> names_[second];
        names_[second] = expanded(names_[second]);
      } else if (first == "key") {
        key_ = bytes(second);
      } else if (first == "algorithm") {
        algorithm_ = second;
      } else {
        Vector& vector = vectors.emplace_back(std::stoi(first), second == "ok", "", algorithm_, key_);
        if (second != "ok" && second != "refused") throw std::invalid_argument(line);
        words >> vector.what;
        for (std::string field; words >> field;) vector.fields.push_back(bytes(field));
      }
    }
    return vectors;
  }

 private:
  std::string expanded(std::string text) const {
    for (std::size_t open; (open = text.find('{')) != std::string::npos;) {
      const std::size_t close = text.find('}', open);
      text.replace(open, close - open + 1, names_.at(text.substr(open + 1, close - open - 1)));
    }
    return text;
  }
  std::vector<std::uint8_t> bytes(const std::string& field) const {
    const std::string digits = field == "-" ? "" : expanded(field);
    if (digits.size() % 2 != 0 || digits.find_first_not_of("0123456789abcdef") != std::string::npos)
      throw std::invalid_argument(field);
    return from_hex(digits);
  }

  std::map<std::string, std::string> names_;
  std::string algorithm_;
  std::vector<std::uint8_t> key_;
};

}  // namespace handsel::crypto
