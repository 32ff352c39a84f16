#include "lane_table.h"

#include <fmt/core.h>

namespace handsel::bench {
namespace {

constexpr std::size_t kColumns = 8;

/// 12,345, or nothing.
std::string cycles(double value) {
  if (value == 0) return "";
  std::string digits = fmt::format("{:.{}f}", value, value < 100 ? 1 : 0);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; value >= 1'000 && at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

const char* verdict(const Budget& budget, double value) {
  if (budget.accept == 0) return "";
  return value <= budget.aim ? "aim met" : value <= budget.accept ? "accept met" : "missed";
}

}  // namespace

std::string figure_name(const LaneRow& row, std::size_t filled) {
  return filled == row.lanes ? row.name : row.name + "@" + std::to_string(filled);
}

void print_lane_table(const Report& report, const std::vector<LaneRow>& rows) {
  fmt::print(
      "\ncycles for one operation by lanes filled, and how many times libcrypto's that is; budgets for all lanes\n");
  fmt::print("{:<24} {:<9}", "kind", "set");
  for (std::size_t filled = 1; filled <= kColumns; ++filled) fmt::print(" {:>9}", filled);
  fmt::print(" {:>12} {:>10} {:>9} {:>9}\n", "all", "libcrypto", "accept", "aim");
  for (const LaneRow& row : rows) {
    const Figure* const full = report.find(row.name);
    if (full == nullptr) continue;
    std::string times(34, ' ');
    fmt::print("{:<24} {:<9}", row.name.substr(row.name.find('/') + 1), row.set);
    for (std::size_t filled = 1; filled <= kColumns; ++filled) {
      const Figure* const figure = filled <= row.lanes ? report.find(figure_name(row, filled)) : nullptr;
      fmt::print(" {:>9}", figure != nullptr ? cycles(figure->value) : "");
      times += figure != nullptr ? fmt::format(" {:>8.2f}x", figure->ratio()) : std::string(10, ' ');
    }
    fmt::print(" {:>9}@{:<2} {:>10} {:>9} {:>9}", cycles(full->value), row.lanes, cycles(full->peer_value),
               cycles(row.budget.accept), cycles(row.budget.aim));
    fmt::print("  {}\n{} {:>8.2f}x\n", report.quick() ? "" : verdict(row.budget, full->value), times, full->ratio());
  }
}

}  // namespace handsel::bench
