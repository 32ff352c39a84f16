#pragma once
/// The life of a connection in its parts, as the benches of TCP alone and of a whole shard report it.

#include <array>
#include <string>
#include <vector>

#include "harness.h"

namespace handsel::bench {

/// Cycles that one life has cost the server's side.
struct LifeSpent {
  double syn = 0, accept = 0, talk = 0, fin = 0, all = 0;
};

/// Adds a figure for `name` and one for each part, "NAME-syn" and so on. `live()` gives the LifeSpent of one life; a
/// run's figure is the median of its lives.
template <class Live>
void report_lives(Report& report, const std::string& name, Live&& live) {
  struct Column {
    const char* suffix;
    double LifeSpent::* member;
  };
  constexpr std::array<Column, 5> kColumns = {{{"", &LifeSpent::all},
                                               {"-syn", &LifeSpent::syn},
                                               {"-accept", &LifeSpent::accept},
                                               {"-talk", &LifeSpent::talk},
                                               {"-fin", &LifeSpent::fin}}};
  std::array<std::vector<double>, kColumns.size()> runs;
  const int turns = report.quick() ? 1 : 200;
  for (int run = -1; run < report.runs(); ++run) {  // the first warms up
    std::array<std::vector<double>, kColumns.size()> figures;
    for (int turn = 0; turn < turns; ++turn) {
      const LifeSpent spent = live();
      for (std::size_t i = 0; i < kColumns.size(); ++i) figures[i].push_back(spent.*kColumns[i].member);
    }
    if (run < 0) continue;
    for (std::size_t i = 0; i < kColumns.size(); ++i) runs[i].push_back(median(figures[i]));
  }
  for (std::size_t i = 0; i < kColumns.size(); ++i)
    if (report.wanted(name + kColumns[i].suffix)) report.add({.name = name + kColumns[i].suffix}, runs[i], {});
}

}  // namespace handsel::bench
