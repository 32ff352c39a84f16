#pragma once
/// What one end says, taken apart into messages, and put together again in records of any shape under the same keys.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tap.h"
#include "tls/protocol.h"

namespace handsel::tls::conformance {

/// How the records that carry an item are made wrong.
struct RecordShape {
  bool plain = false;     ///< without protection
  bool replayed = false;  ///< the very same bytes twice
  bool lost = false;      ///< sealed, and not sent
  bool joined = false;    ///< in one record with the item that follows
  bool flipped = false;   ///< one bit of the sealed record
  std::size_t padding = 0;
  std::size_t cut = 0;  ///< bytes taken off the sealed record's end; its length says so
  Buffer extended;      ///< put behind the sealed record; its length says so
  long length = 0;      ///< added to the length in the header, and to nothing else
  std::optional<std::uint8_t> type;
  std::optional<std::uint16_t> version;
  std::optional<std::size_t> epoch;  ///< under whose keys it goes, if not under its own
};

/// One handshake message, or one record of another kind.
struct Item {
  std::string name;  ///< "ClientHello", the second one "ClientHello#2"; "ChangeCipherSpec", "Alert", "Data"
  std::uint8_t type = 0;
  Buffer content;
  std::size_t epoch = 0;
  RecordShape shape;
  bool raw = false;  ///< `content` goes out as it stands
};

/// Keys of one direction, as long as they are in use. The first are none.
struct Epoch {
  bool protects = false;
  bool tls13 = false;
  crypto::AeadId id{};
  Buffer key;
  Buffer iv;  ///< 12 bytes; of AES-GCM in TLS 1.2 the 4 that are not sent
};

/// Takes the records of one end apart, with the help of the tap in its AEAD engine.
class RecordLog {
 public:
  explicit RecordLog(AeadTap& tap) : tap_(tap) { tap_.take_sealed(); }
  void add(Bytes record);
  /// What is whole since the last call.
  std::vector<Item> take() { return std::exchange(items_, {}); }
  const std::vector<Epoch>& epochs() const { return epochs_; }

 private:
  void add_content(std::uint8_t type, Bytes content, std::size_t epoch);
  void add_item(std::string name, std::uint8_t type, Bytes content, std::size_t epoch);

  AeadTap& tap_;
  std::vector<Epoch> epochs_ = {{}};
  std::vector<Item> items_;
  Buffer partial_;
  std::map<std::string, int> seen_;
};

/// Puts items into records. Sequence numbers are counted here, so whatever is added, left out or repeated fits.
class RecordWriter {
 public:
  explicit RecordWriter(AeadTap& aead) : aead_(aead) {}
  Buffer write(const std::vector<Item>& items, const std::vector<Epoch>& epochs);

 private:
  Buffer record(const Item& item, Bytes content, const Epoch& epoch);
  Buffer sealed(const Item& item, Bytes content, const Epoch& epoch, std::uint64_t sequence);

  AeadTap& aead_;
  std::map<std::size_t, std::uint64_t> sequences_;  // by epoch
};

}  // namespace handsel::tls::conformance
