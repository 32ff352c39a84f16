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
  /// What find() will most likely look at, by the tag alone and without touching it; kNone when nothing is likely.
  std::uint32_t guess(std::uint64_t hash) const {
    const Bucket& bucket = buckets_[hash & mask_];
    const unsigned candidates = ways_with(bucket, tag_of(hash));
    return candidates == 0 ? kNone : bucket.indices[way_of(candidates)];
  }

  /// The index under `hash` for which same_key(index) holds, or kNone.
  template <class SameKey>
  std::uint32_t find(std::uint64_t hash, SameKey&& same_key) const {
    for (std::uint64_t at = hash;; ++at) {
      const Bucket& bucket = buckets_[at & mask_];
      for (unsigned candidates = ways_with(bucket, tag_of(hash)); candidates != 0; candidates &= candidates - 1) {
        const std::uint32_t index = bucket.indices[way_of(candidates)];
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
      if (const unsigned free = ways_with(bucket, kFree); free != 0) {
        const unsigned way = way_of(free);
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
      for (unsigned candidates = ways_with(bucket, tag_of(hash)); candidates != 0; candidates &= candidates - 1) {
        const unsigned way = way_of(candidates);
        if (bucket.indices[way] != index) continue;
        bucket.tags[way] = kFree;
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
  static constexpr std::uint16_t kFree = 0;  // a tag that tag_of() never gives
  struct alignas(64) Bucket {
    alignas(16) std::array<std::uint16_t, kWays> tags{};
    std::array<std::uint32_t, kWays> indices{};
    std::uint32_t passed = 0;  // entries whose search goes past this bucket
  };
  static_assert(sizeof(Bucket) == 64);

  // The tag takes the hash's top bits; the bucket takes the bottom ones.
  static std::uint16_t tag_of(std::uint64_t hash) { return static_cast<std::uint16_t>(hash >> 48 | 1); }
  // Two bits a way, of which the lower says that it has this tag.
  static unsigned ways_with(const Bucket& bucket, std::uint16_t tag) {
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags.data()));
    const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<short>(tag)));
    return static_cast<unsigned>(_mm_movemask_epi8(equal)) & 0x5555u;
  }
  static unsigned way_of(unsigned ways) { return static_cast<unsigned>(std::countr_zero(ways)) / 2; }

  std::uint32_t mask_;
  std::unique_ptr<Bucket[]> buckets_;
  std::uint32_t size_ = 0;
};

}  // namespace handsel::flow
