#pragma once
/// The per-core flow table: keyed hash → slab index, in buckets of one cache line. Owned by one thread.

#include <emmintrin.h>

#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <memory>

namespace handsel::flow {

/// Eight entries a bucket; a 16-bit tag of each is compared in one vector instruction, the full key only
/// where a tag agrees. A full bucket overflows into the next ones, and counts how many entries did, so
/// that a search stops at the first bucket that nothing went past. Fixed size: no growth on the data path.
class FlowTable {
 public:
  static constexpr std::uint32_t kNone = ~0u;

  /// Holds at least `capacity` entries at half load. Allocates here and never again.
  explicit FlowTable(std::uint32_t capacity)
      : mask_(std::bit_ceil(capacity < kWays ? 1u : capacity / (kWays / 2)) - 1), buckets_(new Bucket[mask_ + 1]) {}

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[hash & mask_]); }

  /// The index under `hash` for which same_key(index) holds, or kNone.
  template <class SameKey>
  std::uint32_t find(std::uint64_t hash, SameKey&& same_key) const {
    const __m128i tag = _mm_set1_epi16(static_cast<short>(tag_of(hash)));
    for (std::uint64_t at = hash;; ++at) {
      const Bucket& bucket = buckets_[at & mask_];
      const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags.data()));
      auto candidates = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi16(tags, tag))) & 0x5555u;
      for (; candidates != 0; candidates &= candidates - 1) {
        const std::uint32_t index = bucket.indices[static_cast<unsigned>(std::countr_zero(candidates)) / 2];
        if (same_key(index)) return index;
      }
      if (bucket.passed == 0) return kNone;
    }
  }

  /// Adds an entry whose key is not in the table. False when every bucket is full.
  bool insert(std::uint64_t hash, std::uint32_t index) {
    if (size_ == (mask_ + 1) * kWays) return false;
    for (std::uint64_t at = hash;; ++at) {
      Bucket& bucket = buckets_[at & mask_];
      for (unsigned way = 0; way < kWays; ++way)
        if (bucket.tags[way] == 0) {
          bucket.tags[way] = tag_of(hash);
          bucket.indices[way] = index;
          ++size_;
          return true;
        }
      ++bucket.passed;
    }
  }

  /// Removes the entry; it must be there.
  void erase(std::uint64_t hash, std::uint32_t index) {
    for (std::uint64_t at = hash;; ++at) {
      Bucket& bucket = buckets_[at & mask_];
      for (unsigned way = 0; way < kWays; ++way)
        if (bucket.tags[way] != 0 && bucket.indices[way] == index) {
          bucket.tags[way] = 0;
          --size_;
          return;
        }
      assert(bucket.passed != 0);
      --bucket.passed;
    }
  }

  std::uint32_t size() const { return size_; }

 private:
  static constexpr unsigned kWays = 8;
  struct alignas(64) Bucket {
    alignas(16) std::array<std::uint16_t, kWays> tags{};  // 0: free
    std::array<std::uint32_t, kWays> indices{};
    std::uint32_t passed = 0;  // entries whose search goes past this bucket
  };
  static_assert(sizeof(Bucket) == 64);

  // The tag takes the hash's top bits; the bucket takes the bottom ones.
  static std::uint16_t tag_of(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48 | 1); }

  std::uint32_t mask_;
  std::unique_ptr<Bucket[]> buckets_;
  std::uint32_t size_ = 0;
};

}  // namespace handsel::flow
