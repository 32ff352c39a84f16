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
  bool on() const { return mode_ != Mode::off; }
  /// In TLS 1.3 every protected record calls itself application data (RFC 8446 5.2).
  bool hides_type() const { return mode_ == Mode::tls13; }
  /// Records sealed or opened under the present key.
  std::uint64_t sequence() const { return sequence_; }

  /// TLS 1.3: derives key and nonce from a traffic secret (RFC 8446 7.3) and starts at sequence number zero. The former
  /// key is wiped.
  void start13(crypto::Aead& aead, crypto::AeadId id, TrafficSecret secret);
  /// The same with keys that serve a handshake, and have no next generation.
  void start13(crypto::Aead& aead, crypto::AeadId id, const RecordKeys& keys);
  /// The next generation of the traffic secret (RFC 8446 7.2).
  void update13(crypto::Aead& aead);
  /// TLS 1.2: `iv` is iv_bytes12(id) long (RFC 5288 3, RFC 7905 2).
  void start12(crypto::Aead& aead, crypto::AeadId id, Bytes key, Bytes iv);
  /// Wipes everything; off afterwards.
  void stop(crypto::Aead& aead);

  /// The peer's wish in this direction, or ours: a protected record holds at most so many bytes, in TLS 1.3 with the
  /// content type and the padding (RFC 8449 4). 0: what the protocol allows.
  void limit_records(std::uint16_t limit) { limit_ = limit; }
  std::uint16_t record_limit() const { return limit_; }
  /// Bytes of content that a record may hold now. Records without protection are not limited.
  std::size_t max_content() const {
    if (mode_ == Mode::off || limit_ == 0) return limits::kMaxPlaintext;
    return mode_ == Mode::tls13 ? limit_ - 1u : limit_;
  }

  /// Bytes that protection adds to a content, the header included.
  static constexpr std::size_t kOverhead13 = kRecordHeaderBytes + 1 + crypto::kAeadTagBytes;
  static constexpr std::size_t kExplicitNonceBytes = 8;  ///< of AES-GCM in TLS 1.2 (RFC 5288 3)
  static constexpr std::size_t kMaxOverhead = kRecordHeaderBytes + kExplicitNonceBytes + crypto::kAeadTagBytes;

  /// Where the content stands in a record to be sealed: behind the header and the explicit nonce.
  std::size_t content_offset() const { return kRecordHeaderBytes + explicit_nonce_bytes(); }
  /// `record` holds `content` bytes of content at content_offset(), and has room for the rest. Seals in place, or
  /// writes the header alone when protection is off; returns the whole record's length. In TLS 1.3 zeros are put behind
  /// the content, so that it comes, with its type and them, to a multiple of `multiple` bytes or to as many as a record
  /// may hold (RFC 8446 5.4); alerts excepted. 0: no padding.
  std::size_t seal(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content,
                   std::uint16_t multiple = 0);
  /// Opens a whole record in place: authenticates, and in TLS 1.3 strips padding and finds the inner type (RFC
  /// 8446 5.2, 5.4). A record that fails does not advance the sequence number.
  std::expected<Opened, Error> open(crypto::Aead& aead, MutableBytes record);

 private:
  enum class Mode : std::uint8_t { off, tls13, tls12 };
  using Nonce = std::array<std::uint8_t, crypto::kAeadNonceBytes>;
  using Associated12 = std::array<std::uint8_t, 13>;

  std::size_t explicit_nonce_bytes() const {
    return mode_ == Mode::tls12 && key_.id != crypto::AeadId::chacha20_poly1305 ? kExplicitNonceBytes : 0;
  }
  Nonce masked_nonce() const;
  Nonce nonce12(Bytes explicit_part) const;
  std::size_t padded(ContentType type, std::size_t inner, std::uint16_t multiple) const;
  Associated12 associated12(Bytes header, std::size_t content) const;
  std::size_t seal13(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content,
                     std::uint16_t multiple);
  std::size_t seal12(crypto::Aead& aead, ContentType type, MutableBytes record, std::size_t content);
  std::expected<Opened, Error> open13(crypto::Aead& aead, MutableBytes record);
  std::expected<Opened, Error> open12(crypto::Aead& aead, MutableBytes record);

  crypto::AeadKey key_;
  std::uint64_t sequence_ = 0;
  TrafficSecret secret_;
  Nonce iv_{};
  std::uint16_t limit_ = 0;
  Mode mode_ = Mode::off;
};

/// Length of the implicit part of the nonce that TLS 1.2's key block yields.
constexpr std::size_t iv_bytes12(crypto::AeadId id) { return id == crypto::AeadId::chacha20_poly1305 ? 12 : 4; }

}  // namespace handsel::tls
