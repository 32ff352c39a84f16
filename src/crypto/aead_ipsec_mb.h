#pragma once
/// AEAD by Intel's multi-buffer library: direct GCM functions with a cache of expanded keys, ChaCha20 as jobs.

// Without this the library's header names its AES and SHA constants as OpenSSL does.
#define NO_COMPAT_IMB_API_053
#include <intel-ipsec-mb.h>

#include <array>
#include <cstdint>
#include <memory>

#include "crypto/aead.h"

namespace handsel::crypto {

/// Expanding a GCM key costs 284 cycles and fills more than a kilobyte: too dear per record, too large per connection.
/// So a worker keeps the keys of the connections that are busy. A slot is found by the AeadKey's address (never by
/// bits of the secret) and believed only when the contents are equal, so memory that is used again cannot mislead.
/// Brief keys share a set, which stays in the processor's cache however many handshakes pass through it.
class GcmKeyCache {
 public:
  explicit GcmKeyCache(IMB_MGR& manager);
  ~GcmKeyCache();
  GcmKeyCache(const GcmKeyCache&) = delete;
  GcmKeyCache& operator=(const GcmKeyCache&) = delete;

  /// The expanded form, valid until the next call.
  const gcm_key_data& expanded(const AeadKey& key);
  /// Wipes every slot that holds these contents, wherever the key stood when it was expanded.
  void forget(const AeadKey& key);
  std::size_t occupied() const;

 private:
  static constexpr std::size_t kSets = 64;
  static constexpr std::size_t kBriefSet = kSets - 1;  // the others are those of busy connections
  static constexpr std::size_t kWays = 2;
  struct Slot {
    bool used = false;
    AeadId id{};
    std::array<std::uint8_t, 32> key{};
  };
  static std::size_t set_of(const AeadKey& key);
  bool holds(std::size_t index, const AeadKey& key, std::uint64_t tag) const;
  void wipe(std::size_t index);

  IMB_MGR& manager_;
  /// The keys' first bytes, to skip most comparisons; together, so that forget() walks sixteen lines and no more.
  alignas(64) std::array<std::uint64_t, kSets * kWays> tags_{};
  std::array<Slot, kSets * kWays> slots_{};
  std::array<std::uint8_t, kSets> victim_{};  ///< the way that was not used last
  std::unique_ptr<gcm_key_data[]> expanded_;
};

class IpsecMbAead final : public Aead {
 public:
  /// nullptr when the library does not run here or the processor has no AES instructions.
  static std::unique_ptr<IpsecMbAead> make();
  ~IpsecMbAead() override;

  std::string_view name() const override { return "ipsec-mb"; }
  void seal(const AeadKey& key, Bytes nonce, Bytes associated, Bytes plaintext, MutableBytes out) override;
  bool open(const AeadKey& key, Bytes nonce, Bytes associated, MutableBytes ciphertext_and_tag) override;
  void forget(const AeadKey& key) override { cache_.forget(key); }
  std::size_t cached_keys() const { return cache_.occupied(); }

 private:
  struct FreeManager {
    void operator()(IMB_MGR* manager) const { free_mb_mgr(manager); }
  };
  using Manager = std::unique_ptr<IMB_MGR, FreeManager>;
  explicit IpsecMbAead(Manager manager);

  using Tag = std::array<std::uint8_t, kAeadTagBytes>;
  void crypt(IMB_CIPHER_DIRECTION direction, const AeadKey& key, Bytes nonce, Bytes associated, Bytes input,
             std::uint8_t* output, Tag& tag);
  void crypt_chacha20(IMB_CIPHER_DIRECTION direction, const AeadKey& key, Bytes nonce, Bytes associated, Bytes input,
                      std::uint8_t* output, Tag& tag);

  Manager manager_;
  GcmKeyCache cache_;
  gcm_context_data gcm_{};
};

}  // namespace handsel::crypto
