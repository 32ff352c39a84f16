#pragma once
/// What a file compiled for a newer instruction set shows to the rest: one table of functions over plain arrays.
/// Such a file includes nothing but this header, its vector vocabulary, the generic .inl files and <immintrin.h>, and
/// defines nothing else with external linkage: an inline function shared with it would become a weak symbol, and the
/// linker might hand the copy with the newer instructions to a caller on an older processor.

#include <stddef.h>
#include <stdint.h>

namespace handsel::crypto {

inline constexpr size_t kKernelLanes = 8;

/// All functions compute every lane, in constant time; a lane that is not needed may hold any valid input.
/// prepare() fills the tables of multiples of the base point: once, before any other call, while no other thread calls.

/// Numbers are little-endian (RFC 7748 5) and scalars are clamped inside.
struct X25519Kernels {
  void (*prepare)();
  /// X25519(scalar, u). A point of small order gives zero, which the caller must refuse.
  void (*shared)(const uint8_t (*scalars)[32], const uint8_t (*points)[32], uint8_t (*out)[32]);
  /// X25519(scalar, 9).
  void (*base)(const uint8_t (*scalars)[32], uint8_t (*out)[32]);
};

/// Numbers are little-endian and points are encoded as in RFC 8032 5.1.2. B is the base point, L its order.
struct Ed25519Kernels {
  /// The same as X25519Kernels': one of them is enough.
  void (*prepare)();
  /// scalar·B for scalars below L. The answer has a one for each lane whose point was found to lie on the curve; any
  /// other lane was computed wrongly.
  uint8_t (*base)(const uint8_t (*scalars)[32], uint8_t (*out)[32]);
  /// A one for each lane in which `points` holds a point A and base_scalar·B - scalar·A is encoded as `results` has it;
  /// both scalars are below L. All of it is public.
  uint8_t (*verify)(const uint8_t (*base_scalars)[32], const uint8_t (*scalars)[32], const uint8_t (*points)[32],
                    const uint8_t (*results)[32]);
};

/// SHA-512's state and blocks: 64-bit words by lane.
struct Sha512Kernels {
  /// One more block for each lane of `lanes` (the lowest bit for lane 0).
  void (*compress)(uint64_t (&state)[8][8], const uint64_t (&block)[16][8], uint8_t lanes);
};

/// Numbers are big-endian (SEC 1 2.3), scalars from 1 to n - 1.
struct P256Kernels {
  void (*prepare)();
  /// Affine coordinates of scalar·G. The answer has a one for each lane (the lowest bit for lane 0) whose point was
  /// found to lie on the curve; any other lane was computed wrongly.
  uint8_t (*base)(const uint8_t (*scalars)[32], uint8_t (*x)[32], uint8_t (*y)[32]);
  /// The x coordinate of scalar·(px, py). The answer has a one for each lane whose input point is on the curve, its
  /// coordinates below p; `sound` gets a one for each whose result is: another lane's was computed wrongly.
  uint8_t (*shared)(const uint8_t (*scalars)[32], const uint8_t (*px)[32], const uint8_t (*py)[32], uint8_t (*x)[32],
                    uint8_t* sound);
  /// A one for each lane whose (px, py) is a point of the curve and for which base_scalar·G + scalar·(px, py) has an x
  /// coordinate that is r modulo n. base_scalar is below n, scalar and r are from 1 to n - 1. All of it is public.
  uint8_t (*verify)(const uint8_t (*base_scalars)[32], const uint8_t (*scalars)[32], const uint8_t (*px)[32],
                    const uint8_t (*py)[32], const uint8_t (*r)[32]);
};

/// The sizes of an RSA key of so many bits with two primes of half as many: 2048, 3072 or 4096. A number modulo a prime
/// has R = 2^(52·kPrimeLimbs), one modulo the whole R = 2^(52·kLimbs).
template <size_t Bits>
struct RsaShape {
  static constexpr size_t kPrimeBits = Bits / 2;
  static constexpr size_t kPrimeWords = kPrimeBits / 64;
  static constexpr size_t kPrimeLimbs = (kPrimeBits + 16 + 51) / 52;  ///< at least 16 bits to spare
  static constexpr size_t kWords = Bits / 64;
  static constexpr size_t kLimbs = 2 * kPrimeLimbs;
};

/// One prime of each lane's key, of exactly kPrimeBits bits: limbs of radix 2^52 by lane.
template <size_t Bits>
struct RsaPrime {
  using Shape = RsaShape<Bits>;
  uint64_t modulus[Shape::kPrimeLimbs][8];
  uint64_t negated_inverse[8];                        ///< -1/modulus modulo 2^52
  uint64_t r_squared[Shape::kPrimeLimbs][8];          ///< R² modulo the prime
  uint64_t r_squared_shifted[Shape::kPrimeLimbs][8];  ///< 2^kPrimeBits·R² modulo the prime
  uint64_t exponent[Shape::kPrimeWords][8];           ///< the private exponent modulo the prime less one; 64-bit words
};

/// What eight private operations need. The public exponent is 65537.
template <size_t Bits>
struct RsaBatch {
  using Shape = RsaShape<Bits>;
  RsaPrime<Bits> p, q;
  uint64_t q_inverse[Shape::kPrimeLimbs][8];  ///< 1/q modulo p
  uint64_t modulus[Shape::kLimbs][8];
  uint64_t modulus_negated_inverse[8];
  uint64_t modulus_r_squared[Shape::kLimbs][8];
  uint64_t input[Shape::kWords][8];  ///< below the modulus; 64-bit words, lowest first
};

/// input^d in 64-bit words, lowest first. The answer has a one for each lane whose result the public operation turned
/// into the input again; any other lane's must not be shown to anyone.
template <size_t Bits>
using RsaPrivate = uint8_t (*)(const RsaBatch<Bits>& batch, uint64_t (&output)[Bits / 64][8]);

/// What eight public operations need: 64-bit words, lowest first. A modulus is odd and has exactly so many bits; the
/// input is below it.
template <size_t Bits>
struct RsaPublicBatch {
  uint64_t modulus[Bits / 64][8];
  uint64_t input[Bits / 64][8];
};

/// input^65537 modulo the modulus. All of it is public.
template <size_t Bits>
using RsaPublic = void (*)(const RsaPublicBatch<Bits>& batch, uint64_t (&output)[Bits / 64][8]);

struct RsaKernels {
  RsaPrivate<2048> private_2048;
  RsaPrivate<3072> private_3072;
  RsaPrivate<4096> private_4096;
  RsaPublic<2048> public_2048;
  RsaPublic<3072> public_3072;
  RsaPublic<4096> public_4096;
};

/// SHA-256's compression (RFC 6234 6.2): the eight words go over blocks of 64 bytes. Not by lanes: handshakes wait for
/// each of their hashes.
struct Sha256Kernels {
  void (*compress)(uint32_t (&words)[8], const uint8_t* blocks, size_t count);
  /// One block each of two messages, side by side.
  void (*compress_two)(uint32_t (&first)[8], const uint8_t* first_block, uint32_t (&second)[8],
                       const uint8_t* second_block);
};

/// The same by lanes, for hashes that wait together: state and block are words by lane, and every lane is computed.
template <size_t Lanes>
struct Sha256LaneKernels {
  void (*compress)(uint32_t (&state)[8][Lanes], const uint32_t (&block)[16][Lanes]);
};

/// The SHA extensions, with SSE4.1.
extern const Sha256Kernels kShaNiSha256Kernels;

/// AVX2.
extern const X25519Kernels kAvx2X25519Kernels;

/// AVX-512 F and, for eight lanes, VL.
extern const Sha256LaneKernels<8> kEightSha256Kernels;
extern const Sha256LaneKernels<16> kSixteenSha256Kernels;

/// AVX-512 F, DQ and IFMA.
extern const X25519Kernels kIfmaX25519Kernels;
extern const Ed25519Kernels kIfmaEd25519Kernels;
extern const Sha512Kernels kIfmaSha512Kernels;
extern const P256Kernels kIfmaP256Kernels;
extern const RsaKernels kIfmaRsaKernels;

}  // namespace handsel::crypto
