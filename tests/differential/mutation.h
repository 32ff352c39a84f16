#pragma once
/// Handshake messages changed in a few places, by a seed: the same one gives the same changes again.

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "test_world.h"

namespace handsel::tls::test {

/// A ClientHello or ServerHello in its parts, whose lengths are right when it is written.
struct HelloParts {
  std::uint8_t type = 1;
  std::uint16_t version = 0x0303;
  Buffer random = Buffer(32, 0x11);
  Buffer session_id;
  Buffer suites;  ///< a ServerHello's one suite
  Buffer compression = {0};
  bool has_extensions = true;
  std::vector<std::pair<std::uint16_t, Buffer>> extensions;

  static HelloParts parse(Bytes message);
  Buffer written() const;
  const Buffer* extension(std::uint16_t type_wanted) const;
};

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  /// One to three changes of parts, and now and then of the bytes as they are written.
  Buffer changed(HelloParts parts);
  /// Changes of extensions alone, in a message that ends in a block of them, which begins at this offset.
  void change_extensions(Buffer& message, std::size_t block_at);
  /// Changes of bytes, one or more.
  void change_bytes(Buffer& message, std::uint64_t most = 2);

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

 private:
  using Extensions = std::vector<std::pair<std::uint16_t, Buffer>>;
  void change_fields(HelloParts& parts);
  void change(Extensions& extensions);
  void change_body(Buffer& body);
  std::uint8_t byte() { return static_cast<std::uint8_t>(random_()); }
  std::mt19937_64 random_;
};

}  // namespace handsel::tls::test
