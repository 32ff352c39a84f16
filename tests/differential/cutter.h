#pragma once
/// Cuts one direction of a byte stream.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>

#include "base/bytes.h"
#include "combination.h"
#include "test_world.h"

namespace handsel::tls::test {

class Cutter {
 public:
  Cutter(Cut cut, std::uint32_t seed) : cut_(cut), random_(seed) {}

  /// Gives the bytes on in pieces.
  template <class Give>
  void carry(Bytes bytes, Give&& give) {
    Buffer reframed;
    if (cut_ == Cut::records && !sealed_) {
      reframed = split_records(bytes);
      bytes = reframed;
    }
    while (!bytes.empty()) {
      const std::size_t count = std::min(bytes.size(), length());
      give(bytes.first(count));
      bytes = bytes.subspan(count);
    }
  }

 private:
  static constexpr std::size_t kRecordContent = 7;

  std::size_t length() {
    if (cut_ == Cut::bytes) return 1;
    return cut_ == Cut::pieces ? 1 + random_() % 700 : ~std::size_t{0};
  }

  /// Whole records, as both ends write them; handshake records become short ones until the keys change.
  Buffer split_records(Bytes bytes) {
    Buffer out;
    while (!bytes.empty()) {
      const std::size_t whole = kRecordHeaderBytes + load_be16(&bytes[3]);
      const Bytes record = bytes.first(whole);
      bytes = bytes.subspan(whole);
      sealed_ = sealed_ || record[0] != static_cast<std::uint8_t>(ContentType::handshake);
      if (sealed_) {
        append(out, record);
        continue;
      }
      for (Bytes rest = record.subspan(kRecordHeaderBytes); !rest.empty();) {
        const std::size_t count = std::min(rest.size(), kRecordContent);
        append(out, record.first(3));
        append(out, Buffer{0, static_cast<std::uint8_t>(count)});
        append(out, rest.first(count));
        rest = rest.subspan(count);
      }
    }
    return out;
  }

  Cut cut_;
  std::minstd_rand random_;
  bool sealed_ = false;
};

}  // namespace handsel::tls::test
