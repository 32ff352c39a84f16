// RFC 8448 section 3: a simple 1-RTT handshake, with all secrets.

#include <gtest/gtest.h>

#include "crypto/aead.h"
#include "hex.h"
#include "tls/key_schedule13.h"
#include "tls/messages/certificate.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/server_hello.h"
#include "tls/record.h"
#include "tls/transcript.h"

namespace handsel::tls {
namespace {

using test::from_hex;
using test::to_hex;
using Buffer = std::vector<std::uint8_t>;

const Buffer kClientHello = from_hex(
    "010000c00303cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7000006130113031302010000"
    "910000000b0009000006736572766572ff01000100000a00140012001d001700180019010001010102010301040023000000"
    "330026002400"
    "1d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c002b0003020304000d0020001e0403"
    "05030603020308040805080604010501060102010402050206020202002d00020101001c00024001");
const Buffer kServerHello = from_hex(
    "020000560303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e0033002400"
    "1d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304");
const Buffer kEncryptedExtensions =
    from_hex("080000240022000a00140012001d00170018001901000101010201030104001c0002400100000000");
const Buffer kCertificate = from_hex(
    "0b0001b9000001b50001b0308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a0603550403130372"
    "7361301e170d3136303733303031323335395a170d3236303733303031323335395a300e310c300a0603550403130372736130819f300d06"
    "092a864886f70d010101050003818d0030818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2d"
    "e49a91d015abbc9a95137ace6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda4308467480"
    "30530ef0461c8ca9d9efbfae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304"
    "023000300b0603551d0f0404030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f"
    "8a7b337d2df7a594365417f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608ccae6bec1"
    "fc63a42a99be5c3eb7107c3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de10000");
const Buffer kCertificateVerify = from_hex(
    "0f000084080400805a747c5d88fa9bd2e55ab085a61015b7211f824cd484145ab3ff52f1fda8477b0b7abc90db78e2d33a5c141a07865"
    "3fa6bef780c5ea248eeaaa785c4f394cab6d30bbe8d4859ee511f602957b15411ac027671459e46445c9ea58c181e818e95b8c3fb0bf3"
    "278409d3be152a3da5043e063dda65cdf5aea20d53dfacd42f74f3");
const Buffer kServerFinished = from_hex("140000209b9b141d906337fbd2cbdce71df4deda4ab42c309572cb7fffee5454b78f0718");
const Buffer kClientFinished = from_hex("14000020a8ec436d677634ae525ac1fcebe11a039ec17694fac6e98527b642f2edd5ce61");
const Buffer kNewSessionTicket = from_hex(
    "040000c90000001efad6aac502000000b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c49888"
    "3c9367c09a2be785abc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4"
    "d29ee03725a6a4dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e9"
    "70727c621a79141ef5f7de6505e5bfbc388e93343694093934ae4d3570008002a000400000400");
const Buffer kSharedSecret = from_hex("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");

Bytes body(const Buffer& message) { return Bytes(message).subspan(kHandshakeHeaderBytes); }

template <class Emitter>
Buffer emitted(const Emitter& message) {
  Buffer out(2'048);
  Writer writer(out);
  message.emit(writer);
  EXPECT_TRUE(writer.ok());
  out.resize(writer.size());
  return out;
}

template <class... Messages>
Digest transcript_of(const Messages&... messages) {
  Transcript transcript(crypto::HashId::sha256);
  (transcript.add(messages), ...);
  return transcript.digest();
}

TEST(Rfc8448, client_hello_parses_and_emits_the_same_bytes) {
  const auto hello = ClientHello::parse(body(kClientHello));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->suites.size(), 3u);
  EXPECT_EQ(*read_server_name(*hello->server_name), "server");
  EXPECT_EQ(KeyShares::read(*hello->key_share)->find(NamedGroup::x25519).size(), 32u);
  EXPECT_TRUE(read_client_versions(*hello->supported_versions)->contains(Version::tls13));
  EXPECT_EQ(to_hex(emitted(*hello)), to_hex(kClientHello));
}

TEST(Rfc8448, server_hello_parses_and_emits_the_same_bytes) {
  const auto hello = ServerHello::parse(body(kServerHello));
  ASSERT_TRUE(hello);
  EXPECT_FALSE(hello->is_retry_request());
  EXPECT_EQ(hello->suite, CipherSuite::aes_128_gcm_sha256);
  EXPECT_EQ(read_server_share(*hello->key_share)->group, NamedGroup::x25519);
  EXPECT_EQ(to_hex(emitted(*hello)), to_hex(kServerHello));
}

TEST(Rfc8448, the_other_messages_parse_and_emit_the_same_bytes) {
  EXPECT_EQ(to_hex(emitted(*EncryptedExtensions::parse(body(kEncryptedExtensions)))), to_hex(kEncryptedExtensions));
  EXPECT_EQ(to_hex(emitted(*Certificate::parse(body(kCertificate)))), to_hex(kCertificate));
  EXPECT_EQ(to_hex(emitted(*CertificateVerify::parse(body(kCertificateVerify)))), to_hex(kCertificateVerify));
  EXPECT_EQ(to_hex(emitted(*Finished::parse(body(kServerFinished), 32))), to_hex(kServerFinished));
  EXPECT_EQ(to_hex(emitted(*NewSessionTicket::parse(body(kNewSessionTicket)))), to_hex(kNewSessionTicket));
}

class Rfc8448Schedule : public testing::Test {
 protected:
  Rfc8448Schedule()
      : hello_hash(transcript_of(kClientHello, kServerHello)),
        server_finished_hash(transcript_of(kClientHello, kServerHello, kEncryptedExtensions, kCertificate,
                                           kCertificateVerify, kServerFinished)),
        handshake(EarlySecret(crypto::HashId::sha256).handshake(kSharedSecret)) {}
  Digest hello_hash;
  Digest server_finished_hash;
  HandshakeSecret handshake;
};

TEST_F(Rfc8448Schedule, early_and_handshake_secrets) {
  EXPECT_EQ(to_hex(EarlySecret(crypto::HashId::sha256).view()),
            "33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a");
  EXPECT_EQ(to_hex(hello_hash.view()), "860c06edc07858ee8e78f0e7428c58edd6b43f2ca3e6e95f02ed063cf0e1cad8");
  EXPECT_EQ(to_hex(handshake.view()), "1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac");
  EXPECT_EQ(to_hex(handshake.client_handshake(hello_hash.view()).view()),
            "b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21");
  EXPECT_EQ(to_hex(handshake.server_handshake(hello_hash.view()).view()),
            "b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38");
}

TEST_F(Rfc8448Schedule, handshake_key_and_iv_of_the_server) {
  const RecordKeys keys = handshake.server_handshake(hello_hash.view()).record_keys(crypto::AeadId::aes_128_gcm);
  EXPECT_EQ(to_hex(keys.key.view()), "3fce516009c21727d0f2e4e86ee403bc");
  EXPECT_EQ(to_hex(keys.iv.view()), "5d313eb2671276ee13000b30");
}

TEST_F(Rfc8448Schedule, handshake_keys_of_both_sides_at_once) {
  const BothHandshakeKeys keys = handshake.keys(crypto::AeadId::aes_128_gcm, hello_hash.view());
  EXPECT_EQ(to_hex(keys.server.records.key.view()), "3fce516009c21727d0f2e4e86ee403bc");
  EXPECT_EQ(to_hex(keys.server.records.iv.view()), "5d313eb2671276ee13000b30");
  EXPECT_EQ(to_hex(keys.client.records.key.view()), "dbfaa693d1762c5b666af5d950258d01");
  EXPECT_EQ(to_hex(keys.client.records.iv.view()), "5bd3c71b836e0b76bb73265f");
  const Digest before =
      transcript_of(kClientHello, kServerHello, kEncryptedExtensions, kCertificate, kCertificateVerify);
  Buffer verify_data(32);
  keys.server.finished.authenticate(before.view(), verify_data);
  EXPECT_EQ(to_hex(verify_data), to_hex(body(kServerFinished)));
  keys.client.finished.authenticate(server_finished_hash.view(), verify_data);
  EXPECT_EQ(to_hex(verify_data), to_hex(body(kClientFinished)));
}

TEST_F(Rfc8448Schedule, finished_of_both_sides) {
  const Digest before =
      transcript_of(kClientHello, kServerHello, kEncryptedExtensions, kCertificate, kCertificateVerify);
  Buffer verify_data(32);
  handshake.server_handshake(hello_hash.view()).finished(before.view(), verify_data);
  EXPECT_EQ(to_hex(verify_data), to_hex(body(kServerFinished)));
  handshake.client_handshake(hello_hash.view()).finished(server_finished_hash.view(), verify_data);
  EXPECT_EQ(to_hex(verify_data), to_hex(body(kClientFinished)));
}

TEST_F(Rfc8448Schedule, master_secret_and_what_follows) {
  const MasterSecret master = std::move(handshake).master();
  EXPECT_EQ(to_hex(master.view()), "18df06843d13a08bf2a449844c5f8a478001bc4d4c627984d5a41da8d0402919");
  EXPECT_EQ(to_hex(master.client_application(server_finished_hash.view()).view()),
            "9e40646ce79a7f9dc05af8889bce6552875afa0b06df0087f792ebb7c17504a5");
  const TrafficSecret server = master.server_application(server_finished_hash.view());
  EXPECT_EQ(to_hex(server.view()), "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643");
  EXPECT_EQ(to_hex(master.exporter(server_finished_hash.view()).view()),
            "fe22f881176eda18eb8f44529e6792c50c9a3f89452f68d8ae311b4309d3cf50");
  const RecordKeys keys = server.record_keys(crypto::AeadId::aes_128_gcm);
  EXPECT_EQ(to_hex(keys.key.view()), "9f02283b6c9c07efc26bb9f2ac92e356");
  EXPECT_EQ(to_hex(keys.iv.view()), "cf782b88dd83549aadf1e984");
  const Digest all = transcript_of(kClientHello, kServerHello, kEncryptedExtensions, kCertificate, kCertificateVerify,
                                   kServerFinished, kClientFinished);
  EXPECT_EQ(to_hex(master.resumption(all.view()).view()),
            "7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c");
}

// The client's first protected record, as the RFC prints it: Finished under the client's handshake key.
TEST_F(Rfc8448Schedule, record_of_the_clients_finished) {
  const auto aead = crypto::make_aead();
  RecordProtector protector;
  protector.start13(*aead, crypto::AeadId::aes_128_gcm, handshake.client_handshake(hello_hash.view()));
  Buffer record(kClientFinished.size() + RecordProtector::kOverhead13);
  std::ranges::copy(kClientFinished, record.begin() + kRecordHeaderBytes);
  EXPECT_EQ(protector.seal(*aead, ContentType::handshake, record, kClientFinished.size()), record.size());
  EXPECT_EQ(
      to_hex(record),
      "170303003575ec4dc238cce60b298044a71e219c56cc77b0517fe9b93c7a4bfc44d87f38f80338ac98fc46deb384bd1caeacab6867d7"
      "26c40546");
}

}  // namespace
}  // namespace handsel::tls
