/// Bytes as a record's content in either version: sealed, opened, and damaged; as a whole record that nobody sealed;
/// and as a stream of handshake messages cut in arbitrary places.

#include <algorithm>
#include <array>
#include <vector>

#include "tls/inbox.h"
#include "tls/record.h"
#include "tls_fuzz.h"

namespace {

using namespace handsel;
using namespace handsel::tls;

using handsel::fuzz::CopyingAead;
using handsel::fuzz::require;

constexpr std::array<std::uint8_t, 32> kSecret = {1, 2, 3};

void start(RecordProtector& protector, crypto::Aead& aead, Version version, crypto::AeadId id) {
  if (version == Version::tls13) return protector.start13(aead, id, {crypto::HashId::sha256, kSecret});
  const std::size_t key_bytes = id == crypto::AeadId::aes_128_gcm ? 16 : 32;
  protector.start12(aead, id, Bytes(kSecret).first(key_bytes), Bytes(kSecret).first(iv_bytes12(id)));
}

/// What opening gives of a content that was sealed as this type. In TLS 1.3 a type of zero is taken for padding, and
/// what stands before it for the type.
void check_opened(Version version, ContentType type, Bytes content, const std::expected<Opened, Error>& opened) {
  if (version == Version::tls12 || type != ContentType::invalid) {
    require(opened && opened->type == type && std::ranges::equal(opened->content, content));
    return;
  }
  const auto last = std::ranges::find_if(content.rbegin(), content.rend(), [](std::uint8_t byte) { return byte != 0; });
  if (last == content.rend()) {
    require(opened.error() == Error::no_inner_content_type);
    return;
  }
  const auto zeros = static_cast<std::size_t>(last - content.rbegin());
  require(opened && opened->content.size() == content.size() - zeros - 1);
}

void seal_and_open(Version version, crypto::AeadId id, ContentType type, Bytes content, std::size_t damage) {
  static const auto aead = crypto::make_aead();
  RecordProtector writer;
  RecordProtector reader;
  start(writer, *aead, version, id);
  start(reader, *aead, version, id);
  std::vector<std::uint8_t> record(content.size() + RecordProtector::kMaxOverhead);
  std::ranges::copy(content, record.begin() + static_cast<std::ptrdiff_t>(writer.content_offset()));
  record.resize(writer.seal(*aead, type, record, content.size()));
  require(record.size() == kRecordHeaderBytes + load_be16(&record[3]));

  std::vector<std::uint8_t> damaged = record;
  // A header's version and length are nobody's to authenticate in TLS 1.2: the first is fixed, the second is the size.
  const std::size_t first = version == Version::tls12 ? kRecordHeaderBytes : 0;
  damaged[first + damage % (damaged.size() - first)] ^= 0x20;
  require(reader.open(*aead, damaged).error() == Error::bad_record_mac);

  check_opened(version, type, content, reader.open(*aead, record));
  require(reader.sequence() == 1 && writer.sequence() == 1);
  writer.stop(*aead);
  reader.stop(*aead);
}

/// A body of any length under keys: nothing opens, unless the cipher takes all for genuine, and then nothing reaches
/// out of the record.
void open_stranger(Version version, crypto::AeadId id, ContentType type, Bytes body) {
  static const auto aead = crypto::make_aead();
  CopyingAead copying;
  std::vector<std::uint8_t> record(kRecordHeaderBytes);
  write_record_header(record, type, Version::tls12, body.size());
  record.insert(record.end(), body.begin(), body.end());
  RecordProtector reader;
  start(reader, *aead, version, id);
  std::vector<std::uint8_t> copy = record;
  require(!reader.open(*aead, copy).has_value());
  reader.stop(*aead);
  start(reader, copying, version, id);
  if (const auto opened = reader.open(copying, record)) {
    require(opened->content.size() + crypto::kAeadTagBytes <= body.size());
    require(opened->content.empty() ||
            (opened->content.data() >= record.data() + kRecordHeaderBytes &&
             opened->content.data() + opened->content.size() <= record.data() + record.size()));
  }
}

/// Two readers of one stream, cut differently, see the same messages or the same error.
struct Seen {
  std::vector<std::uint8_t> bytes;
  Error error = Error::none;
};
Seen read_messages(Bytes stream, std::size_t piece) {
  static FramePool pool(0, 1);
  std::array<std::uint8_t, 128> memory;
  Inbox inbox(pool, memory);
  Seen seen;
  while (!stream.empty() && seen.error == Error::none) {
    const std::vector<std::uint8_t> fragment(
        stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(std::min(piece, stream.size())));
    stream = stream.subspan(fragment.size());
    inbox.offer(fragment);
    for (;;) {
      const auto next = inbox.next(HandshakeType::client_hello);
      if (!next) seen.error = next.error();
      if (!next || !*next) break;
      seen.bytes.insert(seen.bytes.end(), (*next)->whole.begin(), (*next)->whole.end());
    }
    if (seen.error == Error::none) seen.error = inbox.settle();
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 4 || size > 20'000) return 0;
  const Bytes content = Bytes{data, size}.subspan(4);
  const auto id = static_cast<crypto::AeadId>(data[0] % 3);
  const Version version = (data[0] / 3) % 2 == 0 ? Version::tls13 : Version::tls12;
  const auto type = static_cast<ContentType>(data[1]);
  if (content.size() <= limits::kMaxPlaintext) seal_and_open(version, id, type, content, load_be16(&data[2]));
  open_stranger(version, id, type, content);
  const Seen at_once = read_messages(content, content.size());
  const Seen in_pieces = read_messages(content, 1u + data[2] % 64);
  require(at_once.bytes == in_pieces.bytes && at_once.error == in_pieces.error);
  return 0;
}
