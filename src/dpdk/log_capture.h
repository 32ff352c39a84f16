#pragma once
/// DPDK's log while something is being opened: kept, so that a failure can be told in DPDK's own words.

#include <cstdio>
#include <string>

namespace handsel::dpdk {

/// From construction to destruction DPDK's log lines come here instead of standard error. Control thread, not nested.
class LogCapture {
 public:
  LogCapture();
  ~LogCapture();
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;

  /// The last lines, joined by "; ", without what says nothing to a person; "no reason given" when there were none.
  std::string summary() const;

 private:
  char* text_ = nullptr;
  std::size_t bytes_ = 0;
  std::FILE* stream_ = nullptr;
};

}  // namespace handsel::dpdk
