#pragma once
/// The record layer: protection of one direction of a connection (RFC 8446 5).

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "base/bytes.h"
#include "base/limits.h"
#include "base/secret.h"
#include "crypto/aead.h"
#include "crypto/hash.h"
#include "tls/alert.h"
#include "tls/key_schedule13.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// A record's content once its protection is off.
struct Opened {
  ContentType type{};
  MutableBytes content;  ///< inside the record's memory
};

/// Writes the five bytes that stand before a record's fragment; `length` is the fragment's.
void write_record_header(MutableBytes out, ContentType type, Version version, std::size_t length);

/// Keys, nonce and sequence number of one direction. Without keys it is off, and records travel in the clear.
class RecordProtector {
 public:
  bool on() const { return on_; }
  /// Records sealed or opened under the present key.
  std::uint64_t sequence() const { return sequence_; }

  /// Derives key and nonce from a traffic secret (RFC 8446 7.3) and starts at sequence number zero. The former key is
  /// wiped.
  void start13(crypto::Aead& aead, crypto::AeadId id, TrafficSecret secret);
  /// The next generation of the traffic secret (RFC 8446 7.2).
  void update13(crypto::Aead& aead);
  /// Wipes everything; off afterwards.
  void stop(crypto::Aead& aead);

  /// Bytes that protection adds to a content, the header included.
  static constexpr std::size_t kOverhead13 = kRecordHeaderBytes + 1 + crypto::kAeadTagBytes;

  /// `record` holds a header's room and then `content` bytes of content, and has room for the rest. Seals in place;
  /// returns the whole record's length.
  std::size_t seal13(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content);
  /// Opens a whole record in place: authenticates, strips padding, finds the inner type (RFC 8446 5.2, 5.4). A record
  /// that fails does not advance the sequence number.
  std::expected<Opened, Error> open13(crypto::Aead& aead, MutableBytes record);

 private:
  std::array<std::uint8_t, crypto::kAeadNonceBytes> nonce() const;

  crypto::AeadKey key_;
  std::uint64_t sequence_ = 0;
  TrafficSecret secret_;
  std::array<std::uint8_t, crypto::kAeadNonceBytes> iv_{};
  bool on_ = false;
};

}  // namespace handsel::tls
