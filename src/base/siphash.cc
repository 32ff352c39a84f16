#include "base/siphash.h"

namespace handsel {

std::uint64_t siphash24(const SipKey& key, Bytes message) {
  SipHasher<2, 4> hasher(key);
  const std::size_t whole = message.size() & ~std::size_t{7};
  for (std::size_t i = 0; i < whole; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, message.data() + i, sizeof word);
    hasher.absorb(word);
  }
  std::uint64_t rest = 0;
  for (std::size_t i = whole; i < message.size(); ++i)
    rest |= static_cast<std::uint64_t>(message[i]) << (8 * (i - whole));
  return hasher.finish(message.size(), rest);
}

}  // namespace handsel
