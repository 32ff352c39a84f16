#pragma once
/// Benchmarks by the time-stamp counter: fixed work, medians of several runs, and the peer measured in turns with us in
/// the same process, because machines differ and virtual ones are noisy. What counts is the ratio.
///
///     int main(int count, char** values) {
///       Report report("wire", count, values);
///       report.compare({.name = "wire/checksum-1460", .unit = "cyc", .peer = "rte_raw_cksum", .operations = 1000},
///                      [&] { … 1000 times ours … }, [&] { … 1000 times theirs … });
///       return report.finish();
///     }
///
/// Arguments of every benchmark: --json FILE adds its figures to the list in FILE (a figure of the same name is
/// replaced), --runs N (at least 5), --filter TEXT (names that contain it), --quick (one short pass, no figures worth
/// keeping: it shows that the benchmark works).

#include <cstdint>
#include <string>
#include <vector>

namespace handsel::bench {

/// The time-stamp counter, read when all that came before is done.
inline std::uint64_t ticks() {
  std::uint32_t low, high;
  __asm__ __volatile__("lfence\n\trdtsc\n\tlfence" : "=a"(low), "=d"(high) : : "memory");
  return std::uint64_t{high} << 32 | low;
}

/// Measured against the steady clock when first asked.
double ticks_per_second();

/// The compiler has to make `value`.
template <typename Value>
inline void keep(const Value& value) {
  __asm__ __volatile__("" : : "g"(&value) : "memory");
}

/// Of a list that is not empty.
double median(std::vector<double> values);

/// One line of the table and one object of the JSON list.
struct Figure {
  std::string name;              ///< group/what
  double value = 0;              ///< median, in `unit`
  std::string unit;              ///< "cyc", "cyc/B", "per s", "bytes"
  std::string better = "lower";  ///< or "higher"
  std::string peer;              ///< what it is compared to; empty for nothing
  double peer_value = 0;         ///< median
  int runs = 0;
  double minimum = 0;
  double maximum = 0;

  /// Above 1 means that we are better; zero without a peer.
  double ratio() const;
};

/// What is to be measured.
struct Task {
  std::string name;
  std::string unit = "cyc";
  std::string peer;       ///< name of the peer, for compare()
  double operations = 1;  ///< by which one call of the work is divided: packets, bytes, handshakes
  int calls = 100;        ///< of the work in one run
};

/// Gathers figures, prints them, writes them.
class Report {
 public:
  /// Reads the arguments; with a bad one prints the usage and exits 2.
  Report(std::string title, int count, char** values);

  /// Whether --filter lets this name through: ask before a costly preparation.
  bool wanted(const std::string& name) const { return name.find(filter_) != std::string::npos; }
  /// How many calls a run of `task` makes.
  int calls_of(const Task& task) const { return quick_ ? 1 : task.calls; }
  int runs() const { return quick_ ? 1 : runs_; }
  bool quick() const { return quick_; }

  /// Ours alone.
  template <typename Ours>
  void measure(const Task& task, Ours ours) {
    if (!wanted(task.name)) return;
    time_once(1, ours);
    std::vector<double> own;
    for (int run = 0; run < runs(); ++run) own.push_back(time_once(calls_of(task), ours));
    add(task, own, {});
  }
  /// Ours and the peer's, many turns a run: what disturbs one disturbs the other. A run's figure is the median of its
  /// turns, so that a turn in which another process had the core does not count. The peer does the same number of
  /// operations a call.
  template <typename Ours, typename Theirs>
  void compare(const Task& task, Ours ours, Theirs theirs) {
    if (!wanted(task.name)) return;
    time_once(1, ours);
    time_once(1, theirs);
    std::vector<double> own, other;
    const int calls = calls_of(task);
    const int turns = calls < kTurns ? calls : kTurns;
    for (int run = 0; run < runs(); ++run) {
      std::vector<double> own_turns, other_turns;
      for (int turn = 0; turn < turns; ++turn) {
        own_turns.push_back(time_once(calls / turns, ours));
        other_turns.push_back(time_once(calls / turns, theirs));
      }
      own.push_back(median(own_turns));
      other.push_back(median(other_turns));
    }
    add(task, own, other);
  }
  /// A figure that was come by in another way: a size, a rate, ticks that the work counted itself.
  void add(Figure figure);
  /// Ticks a call, one entry a run; `theirs` is empty without a peer.
  void add(const Task& task, std::vector<double> ours, std::vector<double> theirs);

  /// The figure of this name, or nullptr. Valid until the next is added.
  const Figure* find(const std::string& name) const;

  /// Prints the table and writes the file. The exit code of main.
  int finish();

 private:
  static constexpr int kTurns = 20;

  template <typename Work>
  static double time_once(int calls, Work& work) {
    const std::uint64_t start = ticks();
    for (int call = 0; call < calls; ++call) work();
    return static_cast<double>(ticks() - start) / calls;
  }

  std::string title_;
  std::string json_file_;
  std::string filter_;
  int runs_ = 9;
  bool quick_ = false;
  std::vector<Figure> figures_;
};

}  // namespace handsel::bench
