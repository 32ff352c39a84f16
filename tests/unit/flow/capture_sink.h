#pragma once
/// Keeps the frames that are sent, for a test to look at.

#include <vector>

#include "flow/frame_sink.h"

namespace handsel::flow {

class CaptureSink final : public FrameSink {
 public:
  MutableBytes begin(std::size_t bytes) override {
    ++asked;
    if (exhausted) return {};
    buffer_.assign(bytes, 0);
    return buffer_;
  }
  void commit(std::size_t bytes) override {
    frames.emplace_back(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(bytes));
  }

  std::vector<std::vector<std::uint8_t>> frames;
  int asked = 0;           ///< for a buffer
  bool exhausted = false;  ///< as a port whose buffers ran out

 private:
  std::vector<std::uint8_t> buffer_;
};

}  // namespace handsel::flow
