// Eight 32-byte numbers, one a lane, to and from vectors of words: word i of every lane stands in vector i.

namespace {

/// Zeros that the optimiser may not leave out.
[[gnu::always_inline]] inline void wipe(void* memory, size_t size) {
  __builtin_memset(memory, 0, size);
  __asm__ __volatile__("" : : "r"(memory) : "memory");
}

[[gnu::always_inline]] inline void load_lanes(const uint8_t (*bytes)[32], Vec (&words)[4]) {
  uint64_t transposed[4][8];
  for (size_t lane = 0; lane < 8; ++lane)
    for (size_t i = 0; i < 4; ++i) __builtin_memcpy(&transposed[i][lane], bytes[lane] + 8 * i, 8);
  for (size_t i = 0; i < 4; ++i) words[i] = load(transposed[i]);
  wipe(transposed, sizeof transposed);
}

[[gnu::always_inline]] inline void store_lanes(const Vec (&words)[4], uint8_t (*bytes)[32]) {
  uint64_t transposed[4][8];
  for (size_t i = 0; i < 4; ++i) store(transposed[i], words[i]);
  for (size_t lane = 0; lane < 8; ++lane)
    for (size_t i = 0; i < 4; ++i) __builtin_memcpy(bytes[lane] + 8 * i, &transposed[i][lane], 8);
  wipe(transposed, sizeof transposed);
}

/// The same for big-endian numbers: word 0 is still the lowest.
[[gnu::always_inline]] inline void load_lanes_reversed(const uint8_t (*bytes)[32], Vec (&words)[4]) {
  uint64_t transposed[4][8];
  for (size_t lane = 0; lane < 8; ++lane) {
    for (size_t i = 0; i < 4; ++i) {
      uint64_t word;
      __builtin_memcpy(&word, bytes[lane] + 24 - 8 * i, 8);
      transposed[i][lane] = __builtin_bswap64(word);
    }
  }
  for (size_t i = 0; i < 4; ++i) words[i] = load(transposed[i]);
}

[[gnu::always_inline]] inline void store_lanes_reversed(const Vec (&words)[4], uint8_t (*bytes)[32]) {
  uint64_t transposed[4][8];
  for (size_t i = 0; i < 4; ++i) store(transposed[i], words[i]);
  for (size_t lane = 0; lane < 8; ++lane) {
    for (size_t i = 0; i < 4; ++i) {
      const uint64_t word = __builtin_bswap64(transposed[i][lane]);
      __builtin_memcpy(bytes[lane] + 24 - 8 * i, &word, 8);
    }
  }
  wipe(transposed, sizeof transposed);
}

}  // namespace
