#include "crypto/ifma_rsa_verify.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "crypto/lane_split.h"
#include "crypto/public_key.h"
#include "crypto/rsa_pss.h"

namespace handsel::crypto {
namespace {

/// A call costs all its lanes: 79,000, 207,000 and 382,000 cycles, and libcrypto 52,000, 96,000 and 154,000 (measured).
template <std::size_t Bits>
constexpr std::size_t kCrossover = Bits == 2048 ? 2 : 3;
constexpr std::size_t kMaxModulusBytes = 512;

/// EMSA-PKCS1-v1_5 (RFC 8017 9.2): the one encoding of this digest; nothing of a peer's is parsed.
bool is_pkcs1_encoding(Bytes encoded, Bytes digest) {
  const auto length = static_cast<std::uint8_t>(digest.size());
  const std::uint8_t hash = length == 32 ? 1 : length == 48 ? 2 : 3;  // under 2.16.840.1.101.3.4.2 (note 1)
  const std::array<std::uint8_t, 19> info{0x30,  static_cast<std::uint8_t>(17 + length),
                                          0x30,  0x0d,
                                          0x06,  0x09,
                                          0x60,  0x86,
                                          0x48,  0x01,
                                          0x65,  0x03,
                                          0x04,  0x02,
                                          hash,  0x05,
                                          0x00,  0x04,
                                          length};
  std::array<std::uint8_t, kMaxModulusBytes> wanted;
  Writer writer(MutableBytes(wanted).first(encoded.size()));
  writer.u8(0);
  writer.u8(1);
  for (std::size_t i = encoded.size() - 3 - info.size() - digest.size(); i > 0; --i) writer.u8(0xff);
  writer.u8(0);
  writer.bytes(info);
  writer.bytes(digest);
  return std::ranges::equal(encoded, writer.written());
}

bool is_genuine(const Operation& operation, MutableBytes encoded) {
  if (operation.algorithm == SignatureAlgorithm::rsa_pkcs1) return is_pkcs1_encoding(encoded, operation.message);
  return pss_verify(operation.message.size() == 32 ? HashId::sha256 : HashId::sha384, operation.message, encoded);
}

/// PSS with SHA-512 is left out: the key schedule's hashes are SHA-256 and SHA-384.
template <std::size_t Bits>
bool suits(const Operation& operation) {
  if (operation.peer_key == nullptr || operation.peer_key->type() != KeyType{KeyAlgorithm::rsa, Bits}) return false;
  const Bytes modulus = operation.peer_key->modulus();
  const std::size_t digest = operation.message.size();
  const bool encoded = operation.algorithm == SignatureAlgorithm::rsa_pss ? digest == 32 || digest == 48
                       : operation.algorithm == SignatureAlgorithm::rsa_pkcs1
                           ? digest == 32 || digest == 48 || digest == 64
                           : false;
  return encoded && modulus.size() == Bits / 8 && operation.signature.size() == modulus.size() &&
         std::ranges::lexicographical_compare(operation.signature, modulus);
}

template <std::size_t Words>
void place(Bytes number, std::uint64_t (&words)[Words][kKernelLanes], std::size_t lane) {
  for (std::size_t i = 0; i < Words; ++i) words[i][lane] = load_be64(&number[8 * (Words - 1 - i)]);
}

template <std::size_t Bits>
void check_in_lanes(RsaPublic<Bits> kernel, std::span<Operation* const> operations) {
  constexpr std::size_t kWords = Bits / 64;
  RsaPublicBatch<Bits> batch{};  // a lane that nobody fills computes with zeros
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    place(operations[lane]->peer_key->modulus(), batch.modulus, lane);
    place(operations[lane]->signature, batch.input, lane);
  }
  std::uint64_t output[kWords][kKernelLanes];
  kernel(batch, output);
  for (std::size_t lane = 0; lane < operations.size(); ++lane) {
    std::array<std::uint8_t, Bits / 8> encoded;
    for (std::size_t i = 0; i < kWords; ++i) store_be64(&encoded[8 * (kWords - 1 - i)], output[i][lane]);
    operations[lane]->status = is_genuine(*operations[lane], encoded) ? Status::done : Status::invalid_input;
  }
}

}  // namespace

void verify_rsa_in_lanes(const Kernel& scalar, std::span<Operation* const> operations) {
  assert(operations.size() <= kKernelLanes);
  LaneGroup group2048;
  LaneGroup group3072;
  LaneGroup group4096;
  LaneGroup others;
  for (Operation* const operation : operations) {
    LaneGroup& group = suits<2048>(*operation)   ? group2048
                       : suits<3072>(*operation) ? group3072
                       : suits<4096>(*operation) ? group4096
                                                 : others;
    group.add(operation);
  }
  const auto run = [&]<std::size_t Bits>(const LaneGroup& group, RsaPublic<Bits> kernel) {
    if (group.size >= kCrossover<Bits>)
      check_in_lanes<Bits>(kernel, group.view());
    else if (group.size > 0)
      scalar.run(scalar.context, group.view());
  };
  run.template operator()<2048>(group2048, kIfmaRsaKernels.public_2048);
  run.template operator()<3072>(group3072, kIfmaRsaKernels.public_3072);
  run.template operator()<4096>(group4096, kIfmaRsaKernels.public_4096);
  if (others.size > 0) scalar.run(scalar.context, others.view());
}

}  // namespace handsel::crypto
