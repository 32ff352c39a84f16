#pragma once
/// What an end says to a fuzzed message, and which seeds fuzz it.

#include <array>
#include <cstdint>
#include <cstdlib>

namespace handsel::tls::test {

enum class Verdict : std::uint8_t { accepted, refused, waiting };
constexpr std::array kVerdicts = {"accepted", "refused", "waiting"};

/// HANDSEL_DIFFERENTIAL_SEEDS says how many there are, HANDSEL_DIFFERENTIAL_SEED plays one.
struct Seeds {
  explicit Seeds(std::uint64_t count) {
    const std::uint64_t only = number_from("HANDSEL_DIFFERENTIAL_SEED", 0);
    alone = only != 0;
    first = alone ? only : 1;
    last = alone ? only : number_from("HANDSEL_DIFFERENTIAL_SEEDS", count);
  }
  std::uint64_t first, last;
  bool alone;

 private:
  static std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
  }
};

}  // namespace handsel::tls::test
