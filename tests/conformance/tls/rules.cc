#include "rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <span>
#include <stdexcept>
#include <string_view>

namespace handsel::tls::conformance {
namespace {

using std::runtime_error;

// What is done to a whole message, by name.
constexpr auto kVerbs =
    std::to_array<std::string_view>({"drop", "repeat", "replay", "lose", "join", "plain", "swap", "split", "fragment",
                                     "tail", "type", "before", "after", "replace", "record"});

std::uint8_t record_type(const std::string& name) {
  static const std::map<std::string, std::uint8_t> known = {
      {"ccs", 20}, {"alert", 21}, {"handshake", 22}, {"data", 23}};
  const auto found = known.find(name);
  return found == known.end() ? static_cast<std::uint8_t>(std::stoul(name)) : found->second;
}

/// "pad=3", "flip" and so on.
void set_shape(RecordShape& shape, const std::string& word) {
  const std::size_t equals = std::min(word.find('='), word.size());
  const std::string key = word.substr(0, equals);
  const std::string value = equals < word.size() ? word.substr(equals + 1) : "";
  if (key == "plain") {
    shape.plain = true;
  } else if (key == "flip") {
    shape.flipped = true;
  } else if (key == "pad") {
    shape.padding = std::stoul(value);
  } else if (key == "cut") {
    shape.cut = std::stoul(value);
  } else if (key == "extend") {
    shape.extended = parse_bytes(value);
  } else if (key == "length") {
    shape.length = std::stol(value);
  } else if (key == "epoch") {
    shape.epoch = std::stoul(value);
  } else if (key == "type") {
    shape.type = static_cast<std::uint8_t>(std::stoul(value));
  } else if (key == "version") {
    shape.version = static_cast<std::uint16_t>(std::stoul(value, nullptr, 16));
  } else {
    throw runtime_error("no such property of a record: " + key);
  }
}

/// "TYPE BYTES property… [times=N]", or "raw BYTES".
std::vector<Item> records_of(std::span<const std::string> words, std::size_t epoch) {
  if (words.empty()) throw runtime_error("a record is missing");
  Item item;
  item.name = "record";
  item.epoch = epoch;
  item.raw = words[0] == "raw";
  if (!item.raw) item.type = record_type(words[0]);
  std::size_t times = 1;
  std::size_t next = 1;
  if (words.size() > 1 && words[1].find('=') == std::string::npos && words[1] != "plain" && words[1] != "flip") {
    item.content = parse_bytes(words[1]);
    next = 2;
  }
  // In the clear in every version, unless a case says otherwise.
  if (item.type == 20) item.shape.plain = true;
  for (const std::string& word : words.subspan(next)) {
    if (word.starts_with("times="))
      times = std::stoul(word.substr(6));
    else if (word == "sealed")
      item.shape.plain = false;
    else
      set_shape(item.shape, word);
  }
  return std::vector<Item>(times, item);
}

void insert(std::vector<Item>& flight, std::size_t at, const std::vector<Item>& items) {
  flight.insert(flight.begin() + static_cast<std::ptrdiff_t>(at), items.begin(), items.end());
}

/// Cuts an item into pieces of so many bytes; at most `pieces` of them.
void split(std::vector<Item>& flight, std::size_t at, std::size_t bytes, std::size_t pieces) {
  Item rest = flight[at];
  for (std::size_t i = 1; i < pieces && rest.content.size() > bytes; ++i) {
    Item first = rest;
    first.content.resize(bytes);
    rest.content.erase(rest.content.begin(), rest.content.begin() + static_cast<std::ptrdiff_t>(bytes));
    rest.name = "piece";
    flight[at] = rest;
    insert(flight, at, {first});
    ++at;
  }
}

}  // namespace

bool Rule::is_rule(const Words& words) {
  return std::ranges::find(kVerbs, words[0]) != kVerbs.end() ||
         (std::isupper(static_cast<unsigned char>(words[0][0])) != 0 && words.size() > 1);
}

std::string Rule::target() const {
  const Words& words = line_.words;
  const bool is_verb = std::ranges::find(kVerbs, words[0]) != kVerbs.end();
  const std::string& name = words.at(is_verb ? 1 : 0);
  return name.substr(0, name.find('.'));
}

std::vector<std::size_t> Rule::matches(const std::vector<Item>& flight, const std::string& name) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < flight.size(); ++i) {
    const std::string& each = flight[i].name;
    if (each == name || (name.ends_with('*') && each.substr(0, each.find('#')) + "*" == name)) found.push_back(i);
  }
  return found;
}

bool Rule::apply(std::vector<Item>& flight) const {
  std::vector<std::size_t> found = matches(flight, target());
  if (!is_repeated() && found.size() > 1) found.resize(1);
  // From behind, so that what is put in does not move what is still to be altered.
  for (std::size_t i = found.size(); i-- > 0;) apply_at(flight, found[i]);
  return !found.empty();
}

void Rule::apply_at(std::vector<Item>& flight, std::size_t at) const {
  const Words& words = line_.words;
  const std::string& verb = words[0];
  Item& item = flight[at];
  const auto number = [&] { return std::stoul(words.at(2), nullptr, 0); };
  const auto record = [&] { return records_of(std::span(words).subspan(2), item.epoch); };
  const auto erase = [&] { flight.erase(flight.begin() + static_cast<std::ptrdiff_t>(at)); };
  if (verb == "drop") {
    erase();
  } else if (verb == "repeat") {
    insert(flight, at, {Item(item)});
  } else if (verb == "replay") {
    item.shape.replayed = true;
  } else if (verb == "lose") {
    item.shape.lost = true;
  } else if (verb == "join") {
    item.shape.joined = true;
  } else if (verb == "plain") {
    item.shape.plain = true;
  } else if (verb == "swap") {
    const std::vector<std::size_t> other = matches(flight, words.at(2));
    if (other.empty()) throw runtime_error("not in one flight: " + words[2]);
    std::swap(flight[at], flight[other.front()]);
  } else if (verb == "split") {
    split(flight, at, number(), 2);
  } else if (verb == "fragment") {
    split(flight, at, number(), ~std::size_t{0});
  } else if (verb == "tail") {
    append(item.content, parse_bytes(words.at(2)));
  } else if (verb == "type") {
    item.content[0] = message_type(words.at(2));
  } else if (verb == "before") {
    insert(flight, at, record());
  } else if (verb == "after") {
    insert(flight, at + 1, record());
  } else if (verb == "replace") {
    const std::vector<Item> instead = record();
    erase();
    insert(flight, at, instead);
  } else if (verb == "record") {
    for (std::size_t i = 2; i < words.size(); ++i) set_shape(item.shape, words[i]);
  } else {
    const std::size_t dot = std::min(verb.find('.'), verb.size());
    alter(item.content, form_, dot < verb.size() ? verb.substr(dot + 1) : "", Words(words.begin() + 1, words.end()));
  }
}

void Rules::apply(std::vector<Item>& flight) {
  for (Entry& entry : rules_) {
    if (entry.used && !entry.rule.is_repeated()) continue;
    try {
      entry.used = entry.rule.apply(flight) || entry.used;
    } catch (const std::exception& error) {
      throw runtime_error("line " + std::to_string(entry.rule.line().number) + ": " + error.what());
    }
  }
}

const Line* Rules::unused() const {
  const auto found = std::ranges::find_if(rules_, [](const Entry& entry) { return !entry.used; });
  return found == rules_.end() ? nullptr : &found->rule.line();
}

}  // namespace handsel::tls::conformance
