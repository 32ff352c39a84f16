#pragma once
/// What an operation costs by the number of lanes that are filled, beside libcrypto and the project's budget.

#include <string>
#include <vector>

#include "harness.h"

namespace handsel::bench {

/// In cycles for one operation with all lanes filled; zero where none is set.
struct Budget {
  double accept = 0;
  double aim = 0;
};

/// One kind of operation by one set of kernels. Its figures in the report: `name` with all lanes filled, `name`@N with
/// N.
struct LaneRow {
  std::string name;
  std::string set;
  std::size_t lanes = 1;
  Budget budget;
};

/// The name of the figure with so many of the row's lanes filled.
std::string figure_name(const LaneRow& row, std::size_t filled);

/// Two lines a row: cycles for one operation at 1…8 lanes and at all of them, and below libcrypto's divided by ours.
/// Rows without figures (--filter) are left out, the verdict in a quick run.
void print_lane_table(const Report& report, const std::vector<LaneRow>& rows);

}  // namespace handsel::bench
