#pragma once
/// Listens to one world's crypto: what every record held, under which key, and which secrets were made.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "crypto/aead.h"
#include "crypto/stage.h"
#include "test_world.h"

namespace handsel::tls::conformance {

using test::append;
using test::Buffer;

/// What a record was sealed from.
struct Sealed {
  crypto::AeadId id{};
  Buffer key;
  Buffer nonce;
  Buffer associated;
  Buffer plaintext;  ///< of TLS 1.3: with the content type and the padding
};

/// An AEAD engine in front of another one. Records are told from tickets by their associated data: a record's header in
/// TLS 1.3 (RFC 8446 5.2), 13 bytes in 1.2 (RFC 5246 6.2.3.3).
class AeadTap final : public crypto::Aead {
 public:
  explicit AeadTap(std::unique_ptr<crypto::Aead> inner) : inner_(std::move(inner)) {}
  std::string_view name() const override { return inner_->name(); }
  void seal(const crypto::AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) override;
  bool open(const crypto::AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) override;
  void forget(const crypto::AeadKey& key) override;

  /// What the latest record was sealed from; nothing when none was sealed since the last call.
  std::optional<Sealed> take_sealed() { return std::exchange(sealed_, std::nullopt); }
  /// Keys of records that were never forgotten.
  std::size_t remembered() const { return live_.size(); }
  /// Every key that a record was sealed or opened with.
  const std::vector<Buffer>& keys() const { return keys_; }

 private:
  void note(const crypto::AeadKey& key);

  std::unique_ptr<crypto::Aead> inner_;
  std::optional<Sealed> sealed_;
  std::vector<Buffer> keys_, live_;
};

/// Kernels in front of other ones, which note the private keys and shared secrets that they see.
class KernelTap {
 public:
  KernelTap() = default;
  KernelTap(const KernelTap&) = delete;
  KernelTap& operator=(const KernelTap&) = delete;
  crypto::KernelTable wrap(const crypto::KernelTable& inner);
  const std::vector<Buffer>& secrets() const { return secrets_; }

 private:
  struct Slot {
    KernelTap* tap = nullptr;
    crypto::Kernel inner;
  };
  static void run(void* context, std::span<crypto::Operation* const> operations);

  std::array<Slot, crypto::kKinds> slots_{};
  std::vector<Buffer> secrets_;
};

}  // namespace handsel::tls::conformance
