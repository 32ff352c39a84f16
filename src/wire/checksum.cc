#include "wire/checksum.h"

#include <emmintrin.h>

namespace handsel::wire {
namespace {

/// Sums 16 bytes a step with three vector operations. A 64-bit word is low + 2^32·high. `whole` gathers the words
/// modulo 2^64 and `high` their upper halves, so low = whole − 2^32·high: exact, because the true sum of the low
/// halves is far below 2^64. That saves masking the low half of every word.
class VectorSum {
 public:
  void add(__m128i word) {
    whole_ = _mm_add_epi64(whole_, word);
    high_ = _mm_add_epi64(high_, _mm_srli_epi64(word, 32));
  }
  Sum total() const {
    const __m128i low = _mm_sub_epi64(whole_, _mm_slli_epi64(high_, 32));
    const __m128i both = _mm_add_epi64(low, high_);
    return static_cast<Sum>(_mm_cvtsi128_si64(both)) +
           static_cast<Sum>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(both, both)));
  }

 private:
  __m128i whole_ = _mm_setzero_si128();
  __m128i high_ = _mm_setzero_si128();
};

__m128i load(const std::uint8_t* at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); }
void store(std::uint8_t* at, __m128i value) { _mm_storeu_si128(reinterpret_cast<__m128i*>(at), value); }

/// The last 0 to 15 bytes.
Sum sum_tail(const std::uint8_t* at, std::size_t size) {
  Sum sum = 0;
  if (size & 8) {
    sum += detail::load_sum64(at);
    at += 8;
  }
  if (size & 4) {
    sum += detail::load_sum32(at);
    at += 4;
  }
  if (size & 2) {
    sum += static_cast<Sum>(at[0] | at[1] << 8);
    at += 2;
  }
  if (size & 1) sum += at[0];
  return sum;
}

/// The sum of the same bytes moved by one: RFC 1071 2(B), a swap of the folded sum.
Sum moved_by_one(Sum sum) { return __builtin_bswap16(detail::fold_native(sum)); }

}  // namespace

Sum sum_bytes(Bytes data) {
  const std::uint8_t* at = data.data();
  std::size_t left = data.size();
  VectorSum even, odd;  // two, so that one addition need not wait for the other
  for (; left >= 32; left -= 32, at += 32) {
    even.add(load(at));
    odd.add(load(at + 16));
  }
  if (left >= 16) {
    even.add(load(at));
    left -= 16;
    at += 16;
  }
  return even.total() + odd.total() + sum_tail(at, left);
}

Sum copy_and_sum(std::uint8_t* to, Bytes from, std::size_t offset) {
  const std::uint8_t* at = from.data();
  std::size_t left = from.size();
  VectorSum even, odd;
  for (; left >= 32; left -= 32, at += 32, to += 32) {
    const __m128i first = load(at), second = load(at + 16);
    store(to, first);
    store(to + 16, second);
    even.add(first);
    odd.add(second);
  }
  if (left >= 16) {
    const __m128i word = load(at);
    store(to, word);
    even.add(word);
    left -= 16;
    at += 16;
    to += 16;
  }
  if (left != 0) std::memcpy(to, at, left);
  const Sum sum = even.total() + odd.total() + sum_tail(at, left);
  return offset % 2 == 0 ? sum : moved_by_one(sum);
}

}  // namespace handsel::wire
