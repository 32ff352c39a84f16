/// Bytes as a record's content, sealed, opened, and damaged; and the same bytes as a stream of handshake messages cut
/// in arbitrary places.

#include <algorithm>
#include <array>
#include <cstdlib>
#include <vector>

#include "tls/inbox.h"
#include "tls/record.h"

namespace {

using namespace handsel;
using namespace handsel::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

void seal_and_open(crypto::AeadId id, ContentType type, Bytes content, std::size_t damage) {
  static const auto aead = crypto::make_aead();
  const std::array<std::uint8_t, 32> secret = {1, 2, 3};
  RecordProtector writer, reader;
  writer.start13(*aead, id, {crypto::HashId::sha256, secret});
  reader.start13(*aead, id, {crypto::HashId::sha256, secret});
  std::vector<std::uint8_t> record(content.size() + RecordProtector::kOverhead13);
  std::ranges::copy(content, record.begin() + kRecordHeaderBytes);
  require(writer.seal(*aead, type, record, content.size()) == record.size());

  std::vector<std::uint8_t> damaged = record;
  damaged[damage % damaged.size()] ^= 0x20;
  require(reader.open(*aead, damaged).error() == Error::bad_record_mac);

  const auto opened = reader.open(*aead, record);
  const std::size_t zeros = static_cast<std::size_t>(
      std::ranges::find_if(content.rbegin(), content.rend(), [](std::uint8_t b) { return b != 0; }) - content.rbegin());
  if (type != ContentType::invalid) {
    require(opened && opened->type == type && std::ranges::equal(opened->content, content));
  } else if (zeros == content.size()) {
    require(opened.error() == Error::no_inner_content_type);
  } else {
    require(opened && opened->content.size() == content.size() - zeros - 1);
  }
  writer.stop(*aead);
  reader.stop(*aead);
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
  if (content.size() <= limits::kMaxPlaintext)
    seal_and_open(static_cast<crypto::AeadId>(data[0] % 3), static_cast<ContentType>(data[1]), content,
                  load_be16(&data[2]));
  const Seen at_once = read_messages(content, content.size());
  const Seen in_pieces = read_messages(content, 1u + data[2] % 64);
  require(at_once.bytes == in_pieces.bytes && at_once.error == in_pieces.error);
  return 0;
}
