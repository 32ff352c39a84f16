#include "tls/record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace handsel::tls {
namespace {

using Buffer = std::vector<std::uint8_t>;

class Records : public testing::TestWithParam<crypto::AeadId> {
 protected:
  Records() : aead(crypto::make_aead()) {
    const Buffer secret(crypto::digest_bytes(crypto::HashId::sha256), 0x42);
    writer.start13(*aead, GetParam(), {crypto::HashId::sha256, secret});
    reader.start13(*aead, GetParam(), {crypto::HashId::sha256, secret});
  }
  Buffer sealed(ContentType type, Bytes content) {
    Buffer record(content.size() + RecordProtector::kOverhead13);
    std::ranges::copy(content, record.begin() + kRecordHeaderBytes);
    EXPECT_EQ(writer.seal(*aead, type, record, content.size()), record.size());
    return record;
  }
  std::unique_ptr<crypto::Aead> aead;
  RecordProtector writer, reader;
};

TEST_P(Records, sealed_of_any_length_open_to_the_same_content) {
  for (const std::size_t bytes : {0u, 1u, 15u, 16u, 17u, 1'000u, 16'384u}) {
    const Buffer content(bytes, 0x61);
    Buffer record = sealed(ContentType::application_data, content);
    const auto opened = reader.open(*aead, record);
    ASSERT_TRUE(opened);
    EXPECT_EQ(opened->type, ContentType::application_data);
    EXPECT_TRUE(std::ranges::equal(opened->content, content));
  }
}

TEST_P(Records, opened_out_of_order_do_not_authenticate_and_do_not_advance) {
  Buffer first = sealed(ContentType::application_data, Buffer{1});
  Buffer second = sealed(ContentType::application_data, Buffer{2});
  EXPECT_EQ(reader.open(*aead, second).error(), Error::bad_record_mac);
  EXPECT_EQ(reader.sequence(), 0u);
  EXPECT_TRUE(reader.open(*aead, first));
}

TEST_P(Records, header_is_authenticated) {
  Buffer record = sealed(ContentType::application_data, Buffer{1});
  record[2] = 1;
  EXPECT_EQ(reader.open(*aead, record).error(), Error::bad_record_mac);
}

TEST_P(Records, too_short_for_a_tag_do_not_authenticate) {
  for (const std::size_t bytes : {0u, 1u, 16u}) {
    Buffer record(kRecordHeaderBytes + bytes);
    write_record_header(record, ContentType::application_data, Version::tls12, bytes);
    EXPECT_EQ(reader.open(*aead, record).error(), Error::bad_record_mac);
  }
}

TEST_P(Records, updated_key_opens_what_the_updated_key_sealed_and_nothing_older) {
  Buffer old = sealed(ContentType::application_data, Buffer{1});
  writer.update13(*aead);
  reader.update13(*aead);
  EXPECT_EQ(reader.open(*aead, old).error(), Error::bad_record_mac);
  Buffer fresh = sealed(ContentType::application_data, Buffer{2});
  EXPECT_TRUE(reader.open(*aead, fresh));
}

TEST_P(Records, nonces_go_through_sequence_numbers_of_more_than_a_byte) {
  for (int i = 0; i < 300; ++i) {
    Buffer record = sealed(ContentType::application_data, Buffer{7});
    ASSERT_TRUE(reader.open(*aead, record)) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Aeads, Records,
                         testing::Values(crypto::AeadId::aes_128_gcm, crypto::AeadId::aes_256_gcm,
                                         crypto::AeadId::chacha20_poly1305));

}  // namespace
}  // namespace handsel::tls
