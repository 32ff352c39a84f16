#pragma once
/// Percentiles over the histograms of several workers.

#include <array>
#include <cstdint>

#include "base/histogram.h"

namespace handsel::engine {

class HistogramSum {
 public:
  void add(const Histogram& one) {
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      const std::uint64_t count = one.bucket(i);
      buckets_[i] += count;
      total_ += count;
    }
  }
  std::uint64_t count() const { return total_; }
  /// The value at or below which so many of a hundred lie, to a bucket's precision; 0 when there are none.
  std::uint64_t percentile(std::uint64_t percent) const {
    if (total_ == 0) return 0;
    const std::uint64_t wanted = (total_ - 1) * percent / 100 + 1;
    std::size_t bucket = 0;
    for (std::uint64_t seen = buckets_[0]; seen < wanted; seen += buckets_[bucket]) ++bucket;
    return Histogram::floor_of(bucket);
  }

 private:
  std::array<std::uint64_t, Histogram::kBuckets> buckets_{};
  std::uint64_t total_ = 0;
};

}  // namespace handsel::engine
