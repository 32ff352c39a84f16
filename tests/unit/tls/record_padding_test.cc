// Records of TLS 1.3 padded to multiples of a number of bytes (RFC 8446 5.4): what a wiretapper sees, and that
// OpenSSL reads it.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "connected.h"
#include "libssl_client.h"
#include "libssl_server.h"

namespace handsel::tls::test {
namespace {

/// Lengths of what protected records hold: content, type and padding.
std::vector<std::size_t> inner_lengths(Bytes stream) {
  std::vector<std::size_t> lengths;
  while (stream.size() >= kRecordHeaderBytes) {
    const std::size_t bytes = load_be16(&stream[3]);
    if (static_cast<ContentType>(stream[0]) == ContentType::application_data)
      lengths.push_back(bytes - crypto::kAeadTagBytes);
    stream = stream.subspan(kRecordHeaderBytes + bytes);
  }
  return lengths;
}

ServerConfig padding_to(std::uint16_t multiple) {
  ServerConfig draft = World::default_config();
  draft.record_padding = multiple;
  draft.min_version = Version::tls12;
  return *prepared(draft);
}

class RecordPadding : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Multiples, RecordPadding, testing::Values(2, 100, 512, 4'096));

TEST_P(RecordPadding, openssls_client_reads_records_of_multiples) {
  const std::uint16_t multiple = GetParam();
  World world;
  const ServerConfig config = padding_to(multiple);
  ServerEnd server(world, config);
  LibsslClient client;
  SSL_do_handshake(client.ssl());
  server.receive(client.take_output());
  server.settle();
  const Buffer flight = server.take_output();
  const auto in_flight = inner_lengths(flight);
  ASSERT_FALSE(in_flight.empty());
  EXPECT_TRUE(std::ranges::all_of(in_flight, [&](std::size_t bytes) { return bytes % multiple == 0; }));
  client.give(flight);
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  for (const std::size_t bytes : {1u, 511u, 512u, 16'383u, 16'384u, 40'000u}) {
    const Buffer data = pattern(bytes);
    client.plaintext.clear();
    ASSERT_TRUE(server.session().send(data, server));
    const Buffer records = server.take_output();
    EXPECT_LE(records.size(), server.session().sealed_bytes(bytes));
    const auto lengths = inner_lengths(records);
    EXPECT_EQ(lengths.size(), (bytes + 16'383) / 16'384);
    for (const std::size_t length : lengths)
      EXPECT_TRUE(length % multiple == 0 || length == limits::kMaxPlaintext + 1) << length;
    client.give(records);
    client.read();
    EXPECT_TRUE(client.plaintext == data) << bytes;
  }
}

TEST_P(RecordPadding, openssls_server_reads_records_of_multiples) {
  const std::uint16_t multiple = GetParam();
  ClientWorld world;
  ClientConfig draft = libssl_trusting_client();
  draft.record_padding = multiple;
  const ClientConfig config = *prepared(draft);
  LibsslServer server(LibsslCertificates::get().ecdsa);
  ClientEnd client(world, config);
  client.start();
  exchange(client, server);
  ASSERT_TRUE(client.connected);
  ASSERT_TRUE(client.session().send(as_bytes("hello"), client));
  const Buffer record = client.take_output();
  EXPECT_EQ(inner_lengths(record), std::vector<std::size_t>{(6u + multiple - 1) / multiple * multiple});
  server.give(record);
  server.run();
  EXPECT_EQ(as_text(server.plaintext), "hello");
}

TEST(RecordPaddingBounds, records_are_no_longer_than_the_peer_takes) {
  Offer offer;
  offer.more_extensions = {0, 28, 0, 2, 0x03, 0xe8};  // record_size_limit of 1,000
  Connected pair(offer, padding_to(512));
  ASSERT_TRUE(pair.server.session().send(Buffer(2'000, 'x'), pair.server));
  const Buffer records = pair.server.take_output();
  EXPECT_EQ(inner_lengths(records), (std::vector<std::size_t>{1'000, 1'000, 512}));
  pair.client.receive(records);
  EXPECT_EQ(pair.client.plaintext, Buffer(2'000, 'x'));
}

TEST(RecordPaddingBounds, key_updates_are_padded_and_alerts_are_not) {
  Connected pair({}, padding_to(512));
  pair.client.update_key(true);
  pair.server.receive(pair.client.take_output());
  EXPECT_EQ(inner_lengths(pair.server.take_output()), std::vector<std::size_t>{512});
  pair.server.session().close(pair.server);
  EXPECT_EQ(inner_lengths(pair.server.take_output()), std::vector<std::size_t>{3});
}

TEST(RecordPaddingBounds, without_it_records_are_as_long_as_their_content) {
  Connected pair;
  ASSERT_TRUE(pair.server.session().send(as_bytes("hello"), pair.server));
  EXPECT_EQ(inner_lengths(pair.server.take_output()), std::vector<std::size_t>{6});
}

TEST(RecordPaddingBounds, tls12_has_none) {
  World world;
  const ServerConfig config = padding_to(512);
  ServerEnd server(world, config);
  LibsslClient client;
  ASSERT_EQ(SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION), 1);
  exchange(client, server);
  ASSERT_TRUE(server.connected);
  ASSERT_TRUE(server.session().send(as_bytes("hello"), server));
  EXPECT_LT(server.take_output().size(), 100u);
}

TEST(RecordPaddingBounds, more_than_4096_is_refused) {
  ServerConfig draft = World::default_config();
  draft.record_padding = 4'097;
  EXPECT_EQ(prepared(draft).error(), "record_padding: more than 4096");
}

}  // namespace
}  // namespace handsel::tls::test
