#pragma once
/// Initial sequence numbers and timestamp offsets that strangers cannot predict (RFC 6528, RFC 7323 5.4).

#include <cstdint>

#include "base/siphash.h"
#include "base/time.h"
#include "wire/sequence.h"

namespace handsel::tcp {

/// The addresses (4 or 16 bytes each) and ports of a connection, local end first.
struct Tuple {
  Bytes local_address;
  Bytes remote_address;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;
};

/// Keyed hash of a tuple; `purpose` keeps uses of one key apart.
std::uint64_t tuple_hash(const SipKey& key, std::uint8_t purpose, const Tuple& tuple, std::uint64_t extra = 0);

/// What is particular to a tuple of the numbers that a connection begins with. Both come from one hash, a half each:
/// who learns one learns nothing of the other.
struct TupleNumbers {
  std::uint32_t sequence_offset;   ///< RFC 6528's F(tuple, secret)
  std::uint32_t timestamp_offset;  ///< added to the TSval clock (Config::timestamp_offset); the same for each
                                   ///< incarnation, so that timestamps grow from one to the next (RFC 6191)

  /// RFC 6528 3: a 4 µs clock plus F.
  wire::SeqNum initial_sequence(Instant now) const;
};
TupleNumbers numbers_of(const SipKey& key, const Tuple& tuple);

}  // namespace handsel::tcp
