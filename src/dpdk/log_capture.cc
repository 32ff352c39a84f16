#include "dpdk/log_capture.h"

#include <rte_log.h>

#include <cstdlib>
#include <deque>
#include <string_view>

namespace handsel::dpdk {
namespace {

constexpr std::size_t kLinesTold = 4;

}  // namespace

LogCapture::LogCapture() : stream_(open_memstream(&text_, &bytes_)) {
  if (stream_ != nullptr) rte_openlog_stream(stream_);
}

LogCapture::~LogCapture() {
  if (stream_ == nullptr) return;
  rte_openlog_stream(nullptr);
  std::fclose(stream_);
  std::free(text_);
}

std::string LogCapture::summary() const {
  if (stream_ == nullptr) return "no reason given";
  std::fflush(stream_);
  std::deque<std::string_view> lines;
  std::string_view rest(text_ == nullptr ? "" : text_, text_ == nullptr ? 0 : bytes_);
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    std::string_view line = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    while (!line.empty() && line.back() == ' ') line.remove_suffix(1);
    if (line.empty() || line.find("No available") != std::string_view::npos) continue;
    lines.push_back(line);
    if (lines.size() > kLinesTold) lines.pop_front();
  }
  if (lines.empty()) return "no reason given";
  std::string told;
  for (std::string_view line : lines) {
    if (!told.empty()) told += "; ";
    told += line;
  }
  return told;
}

}  // namespace handsel::dpdk
