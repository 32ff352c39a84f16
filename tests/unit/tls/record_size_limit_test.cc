// record_size_limit (RFC 8449): how long the records are that we send, and that we take.

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "client_authority.h"
#include "connected.h"
#include "tls/codec.h"
#include "tls/messages/extensions.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

Buffer extension(Bytes body) {
  Buffer out(body.size() + 4);
  Writer writer(out);
  auto length = open_extension(writer, ExtensionType::record_size_limit);
  writer.bytes(body);
  return out;
}
Offer offering(std::uint16_t limit) {
  Offer offer;
  std::array<std::uint8_t, 2> body;
  store_be16(body.data(), limit);
  offer.more_extensions = extension(body);
  return offer;
}
ServerConfig limited_to(std::uint16_t limit) {
  ServerConfig draft = World::default_config();
  draft.record_size_limit = limit;
  return draft;
}

// TLS 1.3. A record of so many bytes of plaintext, content type included, is longer by header and tag.
constexpr std::size_t kAround = kRecordHeaderBytes + crypto::kAeadTagBytes;

TEST(RecordSizeLimit13, records_are_cut_to_what_the_client_takes) {
  for (const std::uint16_t limit : std::initializer_list<std::uint16_t>{64, 65, 1'000, 16'384, 16'385, 65'535}) {
    Connected pair(offering(limit));
    const std::size_t most = std::min<std::size_t>(limit, limits::kMaxPlaintext + 1) + kAround;
    EXPECT_LE(pair.client.largest_record, std::max<std::size_t>(most, 128)) << "the ServerHello is not protected";
    const Buffer data = Buffer(40'000, 'x');
    ASSERT_TRUE(pair.server.session().send(data, pair.server));
    const Buffer records = pair.server.take_output();
    EXPECT_LE(records.size(), pair.server.session().sealed_bytes(data.size()));
    pair.client.largest_record = 0;
    pair.client.receive(records);
    EXPECT_EQ(pair.client.plaintext, data);
    EXPECT_EQ(pair.client.largest_record, most);
  }
}

TEST(RecordSizeLimit13, answer_is_ours_and_comes_only_when_asked_for) {
  Connected asked(offering(100), limited_to(200));
  EXPECT_EQ(asked.client.record_size_limit, 200);
  Connected silent({}, limited_to(200));
  EXPECT_EQ(silent.client.record_size_limit, 0);
  Connected standard(offering(100));
  EXPECT_EQ(standard.client.record_size_limit, 16'385);
}

TEST(RecordSizeLimit13, record_of_the_length_that_we_said_is_taken_and_a_longer_one_refused) {
  for (const std::size_t padding : {0, 50})
    for (const bool longer : {false, true}) {
      Connected pair(offering(16'385), limited_to(200));
      const Buffer content(199 - padding + (longer ? 1 : 0), 'x');
      pair.client.send_record(ContentType::application_data, content, padding);
      pair.pass();
      EXPECT_EQ(pair.server.failed, longer);
      if (longer) {
        EXPECT_EQ(pair.failure().error, Error::record_overflow);
        EXPECT_EQ(pair.client.alert, Alert::record_overflow);
      } else {
        EXPECT_EQ(pair.server.plaintext, content);
      }
    }
}

TEST(RecordSizeLimit13, client_that_does_not_speak_of_it_may_send_whole_records) {
  Connected pair({}, limited_to(200));
  const Buffer content(limits::kMaxPlaintext, 'x');
  pair.client.send_record(ContentType::application_data, content);
  pair.pass();
  EXPECT_EQ(pair.server.plaintext, content);
}

TEST(RecordSizeLimit13, survives_key_updates) {
  Connected pair(offering(64), limited_to(64));
  pair.client.update_key(true);
  pair.pass();
  ASSERT_TRUE(pair.server.session().send(Buffer(1'000, 'x'), pair.server));
  pair.client.largest_record = 0;
  pair.pass();
  EXPECT_EQ(pair.client.largest_record, 64 + kAround);
  pair.client.send_record(ContentType::application_data, Buffer(64, 'x'));
  pair.pass();
  EXPECT_EQ(pair.failure().error, Error::record_overflow);
}

struct Refused {
  const char* name;
  Buffer body;
  Error error;
};
void PrintTo(const Refused& row, std::ostream* out) { *out << row.name; }

class RefusedRecordSizeLimit : public testing::TestWithParam<Refused> {};

TEST_P(RefusedRecordSizeLimit, draws_its_alert) {
  Offer offer;
  offer.more_extensions = extension(GetParam().body);
  Pair pair(offer);
  pair.client.start();
  pair.pass();
  EXPECT_EQ(name_of(pair.failure().error), name_of(GetParam().error));
  EXPECT_EQ(pair.client.alert, alert_for(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(Bodies, RefusedRecordSizeLimit,
                         testing::Values(Refused{"zero", {0, 0}, Error::illegal_parameter},
                                         Refused{"sixty_three", {0, 63}, Error::illegal_parameter},
                                         Refused{"empty", {}, Error::malformed_extension},
                                         Refused{"one_byte", {64}, Error::malformed_extension},
                                         Refused{"three_bytes", {0, 64, 0}, Error::malformed_extension}),
                         [](const testing::TestParamInfo<Refused>& row) { return row.param.name; });

TEST(RecordSizeLimitConfig, outside_64_to_16385_is_refused) {
  for (const std::uint16_t limit : std::initializer_list<std::uint16_t>{0, 63, 16'386})
    EXPECT_EQ(prepared(limited_to(limit)).error(), "record_size_limit: not 64 to 16385");
  for (const std::uint16_t limit : std::initializer_list<std::uint16_t>{64, 16'385})
    EXPECT_TRUE(prepared(limited_to(limit)));
}

// TLS 1.2: OpenSSL's client, with the extension put into its ClientHello by a custom one.

struct Custom {
  std::uint16_t sent;
  Buffer answer;
};

int add(SSL*, unsigned, unsigned, const unsigned char** out, std::size_t* bytes, X509*, std::size_t, int*,
        void* argument) {
  static std::array<unsigned char, 2> body;
  store_be16(body.data(), static_cast<Custom*>(argument)->sent);
  *out = body.data();
  *bytes = body.size();
  return 1;
}
int take(SSL*, unsigned, unsigned, const unsigned char* in, std::size_t bytes, X509*, std::size_t, int*,
         void* argument) {
  static_cast<Custom*>(argument)->answer.assign(in, in + bytes);
  return 1;
}

struct Limited12 {
  explicit Limited12(std::uint16_t theirs, std::uint16_t ours) : custom{theirs, {}} {
    ServerConfig draft = limited_to(ours);
    draft.min_version = Version::tls12;
    config = *prepared(draft);
    server = std::make_unique<ServerEnd>(world, config);
    SSL_CTX_set_max_proto_version(client.context(), TLS1_2_VERSION);
    EXPECT_EQ(SSL_CTX_add_custom_ext(client.context(), static_cast<unsigned>(ExtensionType::record_size_limit),
                                     SSL_EXT_CLIENT_HELLO | SSL_EXT_TLS1_2_SERVER_HELLO, add, nullptr, &custom, take,
                                     &custom),
              1);
    exchange(client, *server);
    EXPECT_TRUE(server->connected) << name_of(server->session().failure().error);
  }
  World world;
  ServerConfig config;
  Custom custom;
  LibsslClient client;
  std::unique_ptr<ServerEnd> server;
};

TEST(RecordSizeLimit12, records_are_cut_to_what_the_client_takes) {
  Limited12 pair(100, 16'385);
  EXPECT_EQ(pair.custom.answer, (Buffer{0x40, 0x00})) << "the bound of TLS 1.2";
  const Buffer data = pattern(5'000);
  ASSERT_TRUE(pair.server->session().send(data, *pair.server));
  const Buffer records = pair.server->take_output();
  std::size_t largest = 0;
  for (Bytes rest = records; !rest.empty(); rest = rest.subspan(kRecordHeaderBytes + load_be16(&rest[3])))
    largest = std::max<std::size_t>(largest, load_be16(&rest[3]));
  EXPECT_EQ(largest, 100 + RecordProtector::kExplicitNonceBytes + crypto::kAeadTagBytes);
  pair.client.give(records);
  pair.client.read();
  EXPECT_TRUE(pair.client.plaintext == data);
}

TEST(RecordSizeLimit12, record_longer_than_we_said_is_refused) {
  for (const bool longer : {false, true}) {
    Limited12 pair(16'384, 512);
    EXPECT_EQ(pair.custom.answer, (Buffer{2, 0}));
    const Buffer data(longer ? 513 : 512, 'x');
    ASSERT_EQ(SSL_write(pair.client.ssl(), data.data(), static_cast<int>(data.size())), static_cast<int>(data.size()));
    pair.server->receive(pair.client.take_output());
    EXPECT_EQ(pair.server->failed, longer);
    EXPECT_EQ(pair.server->session().failure().error, longer ? Error::record_overflow : Error::none);
  }
}

}  // namespace
}  // namespace handsel::tls::test
