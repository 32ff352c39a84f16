#include "engine/config_reader.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace handsel::engine {
namespace {

/// Levenshtein's distance, a swap of neighbours counting one (optimal string alignment).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> rows(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) rows[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      rows[i][j] = std::min({rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        rows[i][j] = std::min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.size()][b.size()];
}

struct Unit {
  std::string_view name;
  std::int64_t milliseconds;
};
constexpr Unit kUnits[] = {{"ms", 1}, {"s", 1'000}, {"min", 60'000}, {"h", 3'600'000}};
constexpr std::int64_t kMaxMilliseconds = 24 * 3'600'000;

}  // namespace

std::optional<std::string_view> nearest(std::string_view name, std::span<const std::string_view> known) {
  constexpr std::size_t kMaxName = 64;  // the distance costs the product of the lengths
  if (name.size() > kMaxName) return std::nullopt;
  std::optional<std::string_view> best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 3) + 1;
  for (std::string_view candidate : known) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::string suggestion(std::string_view name, std::span<const std::string_view> known) {
  if (const auto best = nearest(name, known)) return fmt::format(": did you mean \"{}\"?", *best);
  return fmt::format("; known are {}", fmt::join(known, ", "));
}

std::optional<std::string> read_text(const ConfigEntry& entry, ReadContext& context) {
  if (const auto* text = std::get_if<std::string>(&entry.node.value)) return *text;
  context.wrong_type(entry, "a text");
  return std::nullopt;
}

std::optional<bool> read_boolean(const ConfigEntry& entry, ReadContext& context) {
  if (const auto* boolean = std::get_if<bool>(&entry.node.value)) return *boolean;
  context.wrong_type(entry, "a boolean");
  return std::nullopt;
}

std::optional<std::int64_t> read_integer(const ConfigEntry& entry, std::int64_t least, std::int64_t most,
                                         ReadContext& context) {
  const auto* number = std::get_if<std::int64_t>(&entry.node.value);
  if (number == nullptr) {
    context.wrong_type(entry, "an integer");
    return std::nullopt;
  }
  if (*number < least || *number > most) {
    context.fault(entry.node.at, "{} = {} is out of range: {} to {}", entry.key, *number, least, most);
    return std::nullopt;
  }
  return *number;
}

std::optional<double> read_probability(const ConfigEntry& entry, ReadContext& context) {
  double number = 0;
  if (const auto* real = std::get_if<double>(&entry.node.value)) {
    number = *real;
  } else if (const auto* integer = std::get_if<std::int64_t>(&entry.node.value)) {
    number = static_cast<double>(*integer);
  } else {
    context.wrong_type(entry, "a number");
    return std::nullopt;
  }
  if (number >= 0 && number <= 1) return number;  // not so for a NaN, which TOML can write
  context.fault(entry.node.at, "{} = {} is no probability: 0 to 1", entry.key, number);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> read_duration(const ConfigEntry& entry, ReadContext& context) {
  std::int64_t number = 0;
  std::int64_t unit = 1'000;
  if (const auto* seconds = std::get_if<std::int64_t>(&entry.node.value)) {
    number = *seconds;
  } else if (const auto* text = std::get_if<std::string>(&entry.node.value)) {
    const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    const std::string_view name(rest, static_cast<std::size_t>(text->data() + text->size() - rest));
    const auto* found =
        std::find_if(std::begin(kUnits), std::end(kUnits), [&](const Unit& u) { return u.name == name; });
    if (error != std::errc{} || found == std::end(kUnits)) {
      context.fault(entry.node.at, "{} = \"{}\" is no duration; write it like \"250ms\", \"10s\", \"2min\" or \"1h\"",
                    entry.key, *text);
      return std::nullopt;
    }
    unit = found->milliseconds;
  } else {
    context.wrong_type(entry, "a duration like \"10s\"");
    return std::nullopt;
  }
  if (number <= 0 || number > kMaxMilliseconds / unit) {
    context.fault(entry.node.at, "{} is out of range: 1ms to 24h", entry.key);
    return std::nullopt;
  }
  return std::chrono::milliseconds(number * unit);
}

std::optional<wire::IpAddress> read_address(const ConfigEntry& entry, ReadContext& context) {
  const auto text = read_text(entry, context);
  if (!text) return std::nullopt;
  const auto address = wire::IpAddress::parse(*text);
  if (!address) context.fault(entry.node.at, "{} = \"{}\" is neither an IPv4 nor an IPv6 address", entry.key, *text);
  return address;
}

std::optional<std::string> read_choice(const ConfigEntry& entry, std::span<const std::string_view> known,
                                       ReadContext& context) {
  auto text = read_text(entry, context);
  if (!text) return std::nullopt;
  if (std::find(known.begin(), known.end(), *text) != known.end()) return text;
  context.fault(entry.node.at, "{} = \"{}\" is unknown{}", entry.key, *text, suggestion(*text, known));
  return std::nullopt;
}

std::vector<ConfigEntry> read_list(const ConfigEntry& entry) {
  const auto* list = std::get_if<ConfigNode::List>(&entry.node.value);
  if (list == nullptr) return {entry};
  std::vector<ConfigEntry> elements;
  for (const ConfigNode& node : *list) elements.push_back({entry.key, node.at, node});
  return elements;
}

}  // namespace handsel::engine
