#include "script.h"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace handsel::tls::conformance {
namespace {

/// `for NAME in VALUE…`, of one case.
struct Loop {
  std::string name;
  Words values;
};

struct Draft {
  Case each;
  std::vector<Loop> loops;
};

std::string replaced(std::string text, const std::string& name, const std::string& value) {
  const std::string mark = "$" + name;
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark, at + value.size()))
    text.replace(at, mark.size(), value);
  return text;
}

/// A value of a loop may be several words, with ~ between them.
std::string spaced(std::string value) {
  for (char& each : value)
    if (each == '~') each = ' ';
  return value;
}

void unroll(const Draft& draft, std::size_t loop, std::vector<Case>& out) {
  if (loop == draft.loops.size()) {
    out.push_back(draft.each);
    return;
  }
  for (const std::string& value : draft.loops[loop].values) {
    Draft with = draft;
    const std::string text = spaced(value);
    with.each.values.push_back(text);
    for (Line& line : with.each.lines) {
      std::string whole;
      for (const std::string& word : line.words) whole += replaced(word, draft.loops[loop].name, text) + " ";
      line.words = words_of(whole);
    }
    unroll(with, loop + 1, out);
  }
}

}  // namespace

Words words_of(const std::string& line) {
  std::istringstream stream(line);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::vector<Case> read_cases(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error(path + ": cannot be read");
  std::vector<Draft> drafts;
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    if (const std::size_t comment = text.find(" #"); comment != std::string::npos) text.resize(comment);
    if (text.starts_with("#")) continue;
    const Words words = words_of(text);
    if (words.empty()) continue;
    if (words[0] == "case") {
      Draft draft;
      draft.each.file = std::filesystem::path(path).filename().string();
      draft.each.number = number;
      draft.each.name = text.substr(5);
      drafts.push_back(std::move(draft));
    } else if (drafts.empty()) {
      throw std::runtime_error(path + ":" + std::to_string(number) + ": a line before the first case");
    } else if (words[0] == "for" && words.size() > 3 && words[2] == "in") {
      drafts.back().loops.push_back({words[1], Words(words.begin() + 3, words.end())});
    } else {
      drafts.back().each.lines.push_back({number, words});
    }
  }
  std::vector<Case> cases;
  for (const Draft& draft : drafts) unroll(draft, 0, cases);
  return cases;
}

}  // namespace handsel::tls::conformance
