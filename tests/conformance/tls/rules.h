#pragma once
/// The alterations of one case, applied to what the misbehaving end is about to say.

#include <string>
#include <vector>

#include "fields.h"
#include "records.h"
#include "script.h"

namespace handsel::tls::conformance {

/// One alteration, done when the message that it names comes by: once, or every time when the name ends in '*'.
class Rule {
 public:
  Rule(Line line, Form form) : line_(std::move(line)), form_(form) {}
  /// False when the message is not among them.
  bool apply(std::vector<Item>& flight) const;
  bool is_repeated() const { return target().ends_with('*'); }
  const Line& line() const { return line_; }

  /// Whether a line is one of these at all.
  static bool is_rule(const Words& words);

 private:
  std::string target() const;
  std::vector<std::size_t> matches(const std::vector<Item>& flight, const std::string& name) const;
  void apply_at(std::vector<Item>& flight, std::size_t at) const;

  Line line_;
  Form form_;
};

/// The rules of a case that are still to be applied.
class Rules {
 public:
  void add(Rule rule) { rules_.push_back(std::move(rule)); }
  void apply(std::vector<Item>& flight);
  /// A rule whose message never came, or nullptr.
  const Line* unused() const;

 private:
  struct Entry {
    Entry(Rule which) : rule(std::move(which)) {}
    Rule rule;
    bool used = false;
  };
  std::vector<Entry> rules_;
};

}  // namespace handsel::tls::conformance
