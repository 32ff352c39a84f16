#pragma once
/// Log-linear histogram after HdrHistogram: 16 steps an octave, relative error at most 1/16.

#include <array>
#include <bit>
#include <cstdint>

#include "base/counter.h"

namespace handsel {

/// Values of any unit from 0 to 2^40; larger ones land in the last bucket. One writer, many readers.
class Histogram {
 public:
  static constexpr unsigned kStepBits = 4;
  static constexpr unsigned kMaxBits = 40;
  static constexpr std::size_t kBuckets = (kMaxBits - kStepBits + 1) << kStepBits;

  static constexpr std::size_t bucket_of(std::uint64_t value) {
    if (value < (1u << kStepBits)) return value;
    const unsigned octave = static_cast<unsigned>(std::bit_width(value)) - 1 - kStepBits;
    const std::size_t bucket =
        (static_cast<std::size_t>(octave + 1) << kStepBits) + ((value >> octave) & ((1u << kStepBits) - 1));
    return bucket < kBuckets ? bucket : kBuckets - 1;
  }
  /// The smallest value that lands in `bucket`.
  static constexpr std::uint64_t floor_of(std::size_t bucket) {
    if (bucket < (1u << kStepBits)) return bucket;
    const unsigned octave = static_cast<unsigned>(bucket >> kStepBits) - 1;
    return ((bucket & ((1u << kStepBits) - 1)) | (1u << kStepBits)) << octave;
  }

  void record(std::uint64_t value) {
    buckets_[bucket_of(value)].add();
    count_.add();
    sum_.add(value);
  }
  std::uint64_t count() const { return count_.get(); }
  std::uint64_t sum() const { return sum_.get(); }
  std::uint64_t bucket(std::size_t index) const { return buckets_[index].get(); }

  /// The value below which `fraction` (0 to 1) of the recorded ones lie, to a bucket's precision.
  std::uint64_t percentile(double fraction) const {
    const std::uint64_t total = count();
    if (total == 0) return 0;
    const auto wanted = static_cast<std::uint64_t>(static_cast<double>(total - 1) * fraction) + 1;
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < kBuckets; ++i) {
      seen += bucket(i);
      if (seen >= wanted) return floor_of(i);
    }
    return floor_of(kBuckets - 1);
  }

 private:
  std::array<Counter, kBuckets> buckets_{};
  Counter count_;
  Counter sum_;
};

}  // namespace handsel
