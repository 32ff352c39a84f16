#pragma once
/// The hash over all handshake messages so far (RFC 8446 4.4.1).

#include <array>
#include <cassert>

#include "base/bytes.h"
#include "crypto/hash.h"
#include "tls/protocol.h"

namespace handsel::tls {

/// A digest by value, of the hash's length.
struct Digest {
  std::array<std::uint8_t, crypto::kMaxDigestBytes> bytes;
  std::size_t size = 0;
  Bytes view() const { return Bytes(bytes).first(size); }
};

class Transcript {
 public:
  explicit Transcript(crypto::HashId hash) : hash_(hash) {
    assert(crypto::digest_bytes(hash) <= crypto::kMaxDigestBytes);
  }

  crypto::HashId hash() const { return hash_.id(); }

  /// Whole messages, with their headers.
  void add(Bytes message) {
    hash_.update(message);
    digest_.size = 0;
  }
  /// The hash of what was added up to now. Kept until something is added: what one side's Finished covers is what the
  /// application secrets come from.
  const Digest& digest() const {
    if (digest_.size != 0) return digest_;
    digest_.size = crypto::digest_bytes(hash_.id());
    crypto::Hash fork = hash_;
    fork.finish(MutableBytes(digest_.bytes).first(digest_.size));
    return digest_;
  }
  /// After a HelloRetryRequest the first ClientHello counts as a message_hash message that holds its hash.
  void replace_by_message_hash() { *this = behind_message_hash(hash_.id(), digest().view()); }
  /// The same where that hash is all that is left of the first ClientHello.
  static Transcript behind_message_hash(crypto::HashId hash, Bytes first_hello) {
    const std::array<std::uint8_t, kHandshakeHeaderBytes> header = {
        static_cast<std::uint8_t>(HandshakeType::message_hash), 0, 0, static_cast<std::uint8_t>(first_hello.size())};
    Transcript transcript(hash);
    transcript.add(header);
    transcript.add(first_hello);
    return transcript;
  }

 private:
  crypto::Hash hash_;
  mutable Digest digest_;
};

}  // namespace handsel::tls
