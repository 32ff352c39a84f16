#pragma once
/// What the fuzz targets of TLS sessions share: a world without encryption, without chance and without time.

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/entropy.h"
#include "crypto/aead.h"

namespace handsel::fuzz {

inline void require(bool holds) {
  if (!holds) std::abort();
}

/// Copies, and takes whatever does not end in 0xff for genuine.
class CopyingAead final : public crypto::Aead {
 public:
  std::string_view name() const override { return "copying"; }
  void seal(const crypto::AeadKey&, Bytes, Bytes, Bytes plaintext, MutableBytes out) override {
    std::ranges::copy(plaintext, out.begin());
    std::ranges::fill(out.subspan(plaintext.size()), std::uint8_t{0});
  }
  bool open(const crypto::AeadKey&, Bytes, Bytes, MutableBytes sealed) override { return sealed.back() != 0xff; }
  void forget(const crypto::AeadKey&) override {}
};

class Zeros final : public Entropy {
 public:
  void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

}  // namespace handsel::fuzz
