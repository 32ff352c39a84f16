// RFC 8448 sections 4 to 7: resumption with early data, HelloRetryRequest, client authentication, compatibility mode.
// Nothing but the records of the traces and one private key of each is written here: what is under protection proves
// itself as it opens, for its tag depends on all that was said before.

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "crypto/kernels.h"
#include "crypto/verify.h"
#include "hex.h"
#include "tls/key_schedule13.h"
#include "tls/messages/certificate.h"
#include "tls/messages/extensions.h"
#include "tls/messages/server_hello.h"
#include "tls/record.h"
#include "tls/transcript.h"

namespace handsel::tls {
namespace {

using test::from_hex;
using test::to_hex;
using Buffer = std::vector<std::uint8_t>;
using crypto::AeadId;

struct NoEntropy final : Entropy {
  void fill(MutableBytes out) override { std::ranges::fill(out, std::uint8_t{0}); }
};

Buffer shared_secret(NamedGroup group, Buffer private_key, Bytes share) {
  const crypto::KeyStore keys;
  NoEntropy entropy;
  const auto backend = crypto::make_backend(*crypto::choose_kernels("libcrypto"), keys, entropy);
  const crypto::KernelTable kernels = backend->kernels();
  Buffer secret(32);
  crypto::Operation operation;
  operation.kind = group == NamedGroup::x25519 ? crypto::Kind::x25519_shared : crypto::Kind::p256_ecdh;
  operation.private_key = private_key;
  operation.peer_public = share;
  operation.shared_secret = secret;
  const std::array<crypto::Operation*, 1> operations = {&operation};
  const crypto::Kernel& kernel = kernels[static_cast<std::size_t>(operation.kind)];
  kernel.run(kernel.context, operations);
  EXPECT_EQ(operation.status, crypto::Status::done);
  return secret;
}

Buffer message_in(const Buffer& record) { return {record.begin() + kRecordHeaderBytes, record.end()}; }

/// Both ends' view of one handshake: keys as they come, and the transcript.
class Trace {
 public:
  explicit Trace(Bytes pre_shared_key = {}) : early_(crypto::HashId::sha256, pre_shared_key) {}

  void add(const Buffer& message) { transcript_.add(message); }
  void add_retry(const Buffer& first_hello, const Buffer& retry_request) {
    add(first_hello);
    transcript_.replace_by_message_hash();
    add(retry_request);
  }
  const EarlySecret& early() const { return early_; }
  Digest hash() const { return transcript_.digest(); }

  void server_hello(const Buffer& message, NamedGroup group, const Buffer& private_key) {
    const auto hello = ServerHello::parse(Bytes(message).subspan(kHandshakeHeaderBytes));
    ASSERT_TRUE(hello);
    const auto share = read_server_share(*hello->key_share);
    ASSERT_TRUE(share);
    EXPECT_EQ(share->group, group);
    add(message);
    HandshakeSecret handshake = std::move(early_).handshake(shared_secret(group, private_key, share->key));
    client_secret_ = handshake.client_handshake(hash().view());
    server_secret_ = handshake.server_handshake(hash().view());
    client_.start13(*aead_, AeadId::aes_128_gcm, client_secret_.clone());
    server_.start13(*aead_, AeadId::aes_128_gcm, server_secret_.clone());
    master_.emplace(std::move(handshake).master());
  }
  /// The server's messages, each of which enters the transcript; its Finished is checked on the way.
  std::vector<Buffer> server_flight(const Buffer& records) {
    const std::vector<Buffer> messages = messages_of(open(server_, ContentType::handshake, records), server_secret_);
    client_application = master_->client_application(hash().view());
    server_application = master_->server_application(hash().view());
    exporter = master_->exporter(hash().view());
    return messages;
  }
  std::vector<Buffer> client_flight(const Buffer& records) {
    const std::vector<Buffer> messages = messages_of(open(client_, ContentType::handshake, records), client_secret_);
    resumption = master_->resumption(hash().view());
    client_.start13(*aead_, AeadId::aes_128_gcm, client_application.clone());
    server_.start13(*aead_, AeadId::aes_128_gcm, server_application.clone());
    return messages;
  }
  void expect_closed_by_both(const Buffer& client_record, const Buffer& server_record) {
    EXPECT_EQ(to_hex(open(client_, ContentType::alert, client_record)), "0100");
    EXPECT_EQ(to_hex(open(server_, ContentType::alert, server_record)), "0100");
  }
  Buffer from_client(const Buffer& record) { return open(client_, ContentType::application_data, record); }
  Buffer from_server(const Buffer& record) { return open(server_, ContentType::application_data, record); }
  RecordProtector& client() { return client_; }
  crypto::Aead& aead() { return *aead_; }

  /// The contents of all records but change_cipher_spec, one behind the other.
  Buffer open(RecordProtector& protector, ContentType type, Buffer records) {
    Buffer contents;
    for (std::size_t at = 0; at < records.size();) {
      const std::size_t length = kRecordHeaderBytes + (std::size_t{records[at + 3]} << 8 | records[at + 4]);
      const MutableBytes record = MutableBytes(records).subspan(at, length);
      at += length;
      if (record[0] == static_cast<std::uint8_t>(ContentType::change_cipher_spec)) continue;
      const auto opened = protector.open(*aead_, record);
      EXPECT_TRUE(opened) << "record at " << at - length;
      if (!opened) return {};
      EXPECT_EQ(opened->type, type);
      contents.insert(contents.end(), opened->content.begin(), opened->content.end());
    }
    return contents;
  }

  TrafficSecret client_application, server_application, exporter, resumption;
  std::vector<Buffer> hashes;  ///< before each message of the last flight

 private:
  std::vector<Buffer> messages_of(const Buffer& flight, const TrafficSecret& secret) {
    std::vector<Buffer> messages;
    hashes.clear();
    for (std::size_t at = 0; at + kHandshakeHeaderBytes <= flight.size();) {
      const std::size_t length = kHandshakeHeaderBytes + (std::size_t{flight[at + 1]} << 16 |
                                                          std::size_t{flight[at + 2]} << 8 | flight[at + 3]);
      const Bytes message = Bytes(flight).subspan(at, length);
      if (message[0] == static_cast<std::uint8_t>(HandshakeType::finished)) {
        Buffer verify_data(32);
        secret.finished(hash().view(), verify_data);
        EXPECT_EQ(to_hex(message.subspan(kHandshakeHeaderBytes)), to_hex(verify_data));
      }
      const Digest before = hash();
      hashes.emplace_back(before.view().begin(), before.view().end());
      messages.emplace_back(message.begin(), message.end());
      add(messages.back());
      at += length;
    }
    return messages;
  }

  std::unique_ptr<crypto::Aead> aead_ = crypto::make_aead();
  Transcript transcript_{crypto::HashId::sha256};
  EarlySecret early_;
  std::optional<MasterSecret> master_;
  TrafficSecret client_secret_, server_secret_;
  RecordProtector client_, server_;
};

std::string types_of(const std::vector<Buffer>& messages) {
  std::string types;
  for (const Buffer& message : messages) types += (types.empty() ? "" : " ") + std::to_string(message[0]);
  return types;
}

const Buffer kFiftyBytes = [] {
  Buffer bytes(50);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i);
  return bytes;
}();

TEST(Rfc8448Traces, section_4_resumes_with_early_data) {
  // From the resumption secret of section 3, by its ticket's nonce.
  Buffer key(32);
  hkdf_expand_label(crypto::Hmac(crypto::HashId::sha256,
                                 from_hex("7df235f2031d2a051287d02b0241b0bfdaf86cc856231f2d5aba46c434ec196c")),
                    "resumption", Buffer{0, 0}, key);
  EXPECT_EQ(to_hex(key), "4ecd0eb6ec3b4d87f5d6028f922ca4c5851a277fd41311c9e62d2c9492e1c4f3");
  Trace trace(key);
  EXPECT_EQ(to_hex(trace.early().view()), "9b2188e9b2fc6d64d71dc329900e20bb41915000f678aa839cbb797cb7d8332c");
  const TrafficSecret binder = trace.early().resumption_binder();
  EXPECT_EQ(to_hex(binder.view()), "69fe131a3bbad5d63c64eebcc30e395b9d8107726a13d074e389dbc8a4e47256");

  const Buffer hello = message_in(from_hex(
      std::string(
          "1603010200010001fc03031bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d950000061301130313020100"
          "01cd0000000b0009000006736572766572ff01000100000a00140012001d00170018001901000101010201030104003300260024001d"
          "0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe051a66b4f18d668f0b002a0000002b0003020304000d0020001e040305"
          "030603020308040805080604010501060102010402050206020202002d00020101001c0002400100150057") +
      std::string(176, '0') +
      std::string(
          "2900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785a"
          "bc55cd226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4"
          "dafcd0fc67d2aea70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a7"
          "9141ef5f7de6505e5bfbc388e93343694093934ae4d357fad6aacb0021203add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d"
          "57bb6fa31b9e5f9d")));
  constexpr std::size_t kBinders = 2 + 1 + 32;  // their list at the very end
  Transcript truncated(crypto::HashId::sha256);
  truncated.add(Bytes(hello).first(hello.size() - kBinders));
  EXPECT_EQ(to_hex(truncated.digest().view()), "63224b2e4573f2d3454ca84b9d009a04f6be9e05711a8396473aefa01e924a14");
  Buffer verify_data(32);
  binder.finished(truncated.digest().view(), verify_data);
  EXPECT_EQ(to_hex(verify_data), to_hex(Bytes(hello).last(32)));

  trace.add(hello);
  const TrafficSecret early = trace.early().client_early(trace.hash().view());
  EXPECT_EQ(to_hex(early.view()), "3fbbe6a60deb66c30a32795aba0eff7eaa10105586e7be5c09678d63b6caab62");
  RecordProtector early_data;
  early_data.start13(trace.aead(), AeadId::aes_128_gcm, early.clone());
  EXPECT_EQ(to_hex(trace.open(early_data, ContentType::application_data,
                              from_hex("1703030017ab1df420e75c457a7cc5d2844f76d5aee4b4edbf049be0"))),
            "414243444546");

  ASSERT_NO_FATAL_FAILURE(trace.server_hello(
      message_in(from_hex(
          "16030300600200005c03033ccfd2dec890222763472ae8136777c9d7358777bb66e91ea5122495f559ea2d0013010000340029000200"
          "0000330024001d0020121761ee42c333e1b9e77b60dd57c2053cd94512ab47f115e86eff50942cea31002b00020304")),
      NamedGroup::x25519, from_hex("bff91188283846dd6a2134ef7180ca2b0b14fb10dce707b5098c0dddc813b2df")));
  EXPECT_EQ(
      types_of(trace.server_flight(from_hex(
          "1703030061dc48237b4b879f50d0d4d262ea8b4716eb40ddc1eb957e11126e8a7149c2d012d37a7115957e64ce30008b9e0323f2c05a"
          "9c1c77b4f37849a695ab255060a33fee770ca95cb8486bfd0843b87024865ca35cc41c4e515c64dcb1369f98635bc7a5"))),
      "8 20");
  EXPECT_EQ(to_hex(trace.client_application.view()),
            "2abbf2b8e381d23dbebe1dd2a7d16a8bf484cb4950d23fb7fb7fa8547062d9a1");
  EXPECT_EQ(to_hex(trace.server_application.view()),
            "cc21f1bf8feb7dd5fa505bd9c4b468a9984d554a993dc49e6d285598fb672691");
  EXPECT_EQ(to_hex(trace.exporter.view()), "3fd93d4ffddc98e64b14dd107aedf8ee4add23f4510f58a4592d0b201bee56b4");

  const Buffer end_of_early_data =
      trace.open(early_data, ContentType::handshake, from_hex("1703030015aca6fc944841298df99593725f9bf9754429b12f09"));
  EXPECT_EQ(to_hex(end_of_early_data), "05000000");
  trace.add(end_of_early_data);
  EXPECT_EQ(types_of(trace.client_flight(from_hex("170303003500f8b467d14cf22a4b3f0b6ae0d8e6cc8d08e0db3515ef5c2bdf1922"
                                                  "eafbb70009964716d834fb70c3d2a56c5b1f5f6bdba6c333cf"))),
            "20");
  EXPECT_EQ(to_hex(trace.resumption.view()), "5e95bdf1f89005ea2e9aa0ba85e728e3c19c5fe0c699e3f5bee59faebd0b5406");
  EXPECT_EQ(
      trace.from_client(from_hex("1703030043b1cebce242aa201be9ae5e1cb2a9aa4b33d4e866af1edb068919237741aa031d7a74d4"
                                 "91c99b9d4e232b74206bc6fbaa04fe78be44a9b4f54320a17eb76992afac3103")),
      kFiftyBytes);
  EXPECT_EQ(
      trace.from_server(from_hex("1703030043275e9f20acff57bc000657d3867df039cccf79047884cf75771746f740b5a83f462a09"
                                 "54c3581393a203a25a7dd14141ef1a37900cdb62ff62dee1ba39ab2590cbf194")),
      kFiftyBytes);
  trace.expect_closed_by_both(from_hex("17030300130facce3246bdfc6369838d6a82ae6de5d422dc"),
                              from_hex("17030300135b18af444e8e1eec7158fb62d8f2577d37ba5d"));
}

TEST(Rfc8448Traces, section_5_asks_for_another_share_and_gets_its_cookie_back) {
  Trace trace;
  const Buffer retry = message_in(from_hex(
      "16030300b0020000ac0303cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c0013010000840033000200"
      "17002c0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23f"
      "cc654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267"
      "e8ca0caf571fb2b7cff0f934b0002b00020304"));
  const auto read = ServerHello::parse(Bytes(retry).subspan(kHandshakeHeaderBytes));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read->is_retry_request());
  trace.add_retry(
      message_in(from_hex(
          "16030100b4010000b00303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f0000061301130313020100"
          "00810000000b0009000006736572766572ff01000100000a00080006001d00170018003300260024001d0020e8e8e3f3b93a25ed97a1"
          "4a7dcacb8a272c6288e585c6484d05262fcad062ad1f002b0003020304000d0020001e04030503060302030804080508060401050106"
          "0102010402050206020202002d00020101001c00024001")),
      retry);
  trace.add(message_in(from_hex(
      std::string(
          "1603030200010001fc0303b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f0000061301130313020100"
          "01cd0000000b0009000006736572766572ff01000100000a00080006001d001700180033004700450017004104a6da7392ec591e17ab"
          "fd535964b99894d13befb221b3def2ebe3830eac8f0151812677c4d6d2237e85cf01d6910cfb83954e76ba7352830534159897e80657"
          "80002b0003020304000d0020001e040305030603020308040805080604010501060102010402050206020202002c0074007271dcd04b"
          "b88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc654b1b5b40318d10d137"
          "abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571fb2b7cff0f9"
          "34b0002d00020101001c00024001001500af") +
      std::string(350, '0'))));
  ASSERT_NO_FATAL_FAILURE(trace.server_hello(
      message_in(from_hex(
          "160303007b020000770303bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c598d3ff571b9800130100004f0033004500"
          "17004104583e054b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d83540eab3e3d9c547"
          "bc6528c4317d294686093a6cad7d002b00020304")),
      NamedGroup::secp256r1, from_hex("ab5473467e19346ceb0a0414e41da21d4d2445bc3025afe97c4e8dc8d513da39")));
  EXPECT_EQ(
      types_of(trace.server_flight(from_hex(
          "170303029699bee20baf5b7fc727bfab6223928a381e6d0cf9c4da653f9d2a7b23f7de11cce842d5cf75631763450ffb8b0cc1d238e6"
          "58af7a12adc86243114ab14a1da2fae42621ce483fb6242eabfaad52566b02b31d2eddedefeb80e66a9900d5f973b40c4fdf74719ecf"
          "1b68d7f9c3b6ceb903ca13dd1bb8f8187ae33417e1d152522c5822a1a03ad52c838c55953d610222874cce8e1790b229a2aa0b53c8d3"
          "77ee720182951dc6181dc5d90bd1f0105ed1e84aa5f75957c6661897079e5ea5007449e3197bdc7c9beeedddeafdd844afa5c315ecfe"
          "65e576afe909812880620ec7048b42d7f5c78d76f299d6d82534bdd8f512febc0ed3814aca470cd8000d3e1cb9962b052fbb950df683"
          "a52c2ba77ed3713b122937a6e5170964e2ab7969dcd980b3db9b458da7603124d6dc005e4d6e04b4d0c4baf3275db827dbba0a6db096"
          "72171fc057b3851d7e026841e2978fbd2346bbefdd0376bb1108fe9acc92189f5650aa5e85d8e8c7b67ac510dba003d3d7e16350bb66"
          "d45013efd44c9b607c0d318c4c7d1a1f5cbc57e20611804e3787d7b4a4b5f08ed8fd70bdaeade02260b12ab842ef690b4a3ee7911e84"
          "1b374ecd5ebbbc2a54d047b600336dd7d0c88b4bc10e58ee6cb656de7247fa20d8e91deb84628608cf80615b62e96c1491c7ac3755eb"
          "6901405d3474fe1ac79d106a0cee56c2577fc88480f96cb6b8c681b7b68b53c146093908f350888175bdfb0b1e31ad61e30ba0adfe6d"
          "223aa03c0783b5001a57587c328a9afcfcfb978d1cd4328f7d9d60530e630befd96c0c816ee20b0100768ae2a6df51fc68f172740a79"
          "af11398ee3be1252491fa9c693479e877f94ab7c5f8cad480203e6ab7b87dd71e8a0729113df17f5eee86ce108d1d72007ec1cd13c85"
          "a6c149621e77b7d78d805a30f0be030c315e54"))),
      "8 11 15 20");
  EXPECT_EQ(types_of(trace.client_flight(from_hex("1703030035d74f1923c662fd34137c6f502f3dd2b93d951d1b3bc97e42afe23c31ab"
                                                  "ea92fe91b474999e85e3b791ce252fe8c3e9f939a4120cb2"))),
            "20");
  trace.expect_closed_by_both(from_hex("17030300132ea6cdf749196023e2b3a49491695536426047"),
                              from_hex("1703030013519fc5075cb0884349759ff9ef6f011bb4c6f2"));
}

TEST(Rfc8448Traces, section_6_authenticates_the_client) {
  Trace trace;
  trace.add(message_in(from_hex(
      "16030100c0010000bc03036a472236328b83af40386d3a3e1f1ce624fa4ed89ab865a4ff0f4144ce3ae2330000061301130313020100"
      "008d0000000b0009000006736572766572ff01000100000a00140012001d00170018001901000101010201030104003300260024001d"
      "0020089cc2671f738d9a671e5b2e464981d05b76e361aa22aea91f1d49ca10a7a362002b0003020304000d0020001e04030503060302"
      "0308040805080604010501060102010402050206020202002d00020101001c00024001")));
  ASSERT_NO_FATAL_FAILURE(trace.server_hello(
      message_in(from_hex(
          "160303005a0200005603033b50fdf1c3d572e40e68953e7fff4e2758459c59afa0582c0ea032874255fe6e00130100002e0033002400"
          "1d00206c2e50e865919a6b5a12dfaf918f92b442567b0f89bc54478c6921366658f062002b00020304")),
      NamedGroup::x25519, from_hex("c040b2bb8f3addd20fd4058c547003a3c6f9c1cd915d5e535c87d8d191aaf071")));
  const std::vector<Buffer> flight = trace.server_flight(from_hex(
      "17030302166d0a7ac079b32a94aa68c4e2893e8bd0d3c185f549c236fbbce3d647f08f3c94a2bf424d8708883605ad8955f97718b021"
      "3dead13dfb23ebb8381da582756612bcb5a5d40847719fbe9f179bfae656f3ecfd59a4c0d35132ce418a7e46f6b6a60622f8a6c06b28"
      "d83360163563be9c37f97eb902326924a72b3ed8c8381277d1581cab9c3715ac2401398467ad7ebfab3d0c3419e750104f7d62c50279"
      "01f2e4cd4ca5b8071eb03d3c732d83215066dfc4d291d4c1ff3b8d7e4298f677d4d51dea1168d8f16cb27ba40266313a1fedf9e23cc7"
      "7f765450f9e96f05d08f3da245b14d4946f07ec81eed6d56f26bd574f0b7f7c7047037c16fce3b23754e662fad73e2b7213f6af29676"
      "9c99a1d38e6232e0ec8dc4f84d6aa6f7de3887be0057862f9018e0ab396705aa4090ab5f2dff6325a557e7320d4effd46bb4f997d163"
      "207cce6665294aa4465541e3fe37ee7350659ea550d6dcb6af3c518852c7a14c3cc15bc32b3273bdf1751da184203135b117d300204f"
      "b12d58ca9ac34b68eca27030832f7a4b46d2a55757f63fe8f6e85ac47469e6198da88a64586bf23c69590de822263be75fd836847240"
      "c48f8c145cd6bd698962e7edc234ebe59231351eef8d7652cf3b08ab3af6e5ec74c58a8da34b39f9b0d6c4279a9a1f82071729e7059d"
      "d7f7b95b9433c4684ce1891a6d33432d52eddb0b8cee9181d403eccc12991f1ad4aa62c36049713a7bb135fdda6661a05a93f8c16f"));
  ASSERT_EQ(types_of(flight), "8 13 11 15 20");
  // RFC 8446 4.4.3: what the server's P-256 key has signed.
  const auto certificate = Certificate::parse(Bytes(flight[2]).subspan(kHandshakeHeaderBytes));
  const auto verify = CertificateVerify::parse(Bytes(flight[3]).subspan(kHandshakeHeaderBytes));
  ASSERT_TRUE(certificate);
  ASSERT_TRUE(verify);
  EXPECT_EQ(verify->scheme, SignatureScheme::ecdsa_secp256r1_sha256);
  Transcript content(crypto::HashId::sha256);
  content.add(Buffer(64, ' '));
  content.add(as_bytes("TLS 1.3, server CertificateVerify"));
  content.add(Buffer(1, 0));
  content.add(trace.hashes[3]);
  EXPECT_TRUE(
      crypto::ecdsa_p256_verify(Reader(certificate->list).vector24(), content.digest().view(), verify->signature));

  EXPECT_EQ(
      types_of(trace.client_flight(from_hex(
          "1703030280b46a63934e673841abaf267403bc677f6b6d2a1e2f12bb5f62683bfe36a82673f06d6287ddd609bcf2f5fd3225923d24af"
          "3c76682c180ee571a17ca4bfbe2f510dc9a0e1fca5cff2cee87d11cb531a6ef90bf5309a6b63bbbc0b88ea45103a4304091543859fa1"
          "1ec032ed873444cd5185ead5f6a76420f0f0286acef802c8e4788c23275f1b06da600f4a7decd0bc59d7bef10e649ae32690397fc3d4"
          "ed6f30f801d8cd569b71ad4fa05ea7cf2ac2dfa150d220505d4011b34d09d53853eba61a101e4f8dca47d8171a884b19259a3dd48c5a"
          "c141983edc77814d25e7f66bbbdb9096839266e06561828ecfb27eafd4e9e81a0b96e3bfa42dae5ad80359b9a6661402c3a210417703"
          "0106dbd8f65bb6a0159d512eb13af22a259f313bd58c2e21fe053d57f2a962b0a4ea682c96f70b79b560136192823b27be6a2fb7b1c7"
          "51ccc0e3303615541485b7b307b423332c11efa80b72f9b80a53e53f7bb38a3af4c59f8008bad0544e5614e688ff57bccd6935f81f44"
          "7f420c1c1bf4058818e90bf5dc716ccae42524856df8250bcdbd7af65f82dd53061d024f6d2ff5c11e3792a9a70e0ee2a3c20a1b968a"
          "c391f8f92831135d25242ada2fe241c2653ec996339dfa12dfae7a3373df88b07ca27aef6dc266a25f13f75c76039c1f46fd7a53ae63"
          "99c999f4b2aee18e480d6d12bfae226bbdc92a6ad50b4d3bac7abc3b3651eb5be56f33bf41127b3ca886dc714a50d1490357bd40d9fd"
          "6be42209a4ddb9ebb2987e29f120f05814614d2c79320015b461fe7324447670a1af5f65caed15b474ab7faa495016adf808e53b94ef"
          "54afbb0e0a3a2732ab597f7d5923c77386aa5124731f8cc73e703b341c175a454939a77ab64313c15cf3fe03c4f33842564976"))),
      "11 15 20");
  trace.expect_closed_by_both(from_hex("1703030013e4ad7d44c29245339d355962c779b89ef44c58"),
                              from_hex("17030300131decc5d6e64bba8a6f21b4fd077497da2a90cb"));
}

TEST(Rfc8448Traces, section_7_sends_change_cipher_spec_for_middleboxes) {
  Trace trace;
  trace.add(message_in(from_hex(
      "16030100e0010000dc03034e640a3f2c2738f09c9418bd78edccd7559d0531199276d4d92a0e9ee9d77d0920a80c165581a8e0d06c00"
      "18d54d3a06dd32cfd4051eb026fad3fd0ba99269e6ef00061301130313020100008d0000000b0009000006736572766572ff01000100"
      "000a00140012001d00170018001901000101010201030104003300260024001d00208e7292cf3056dbb0d25fcbe55c107dc9bbf83dd9"
      "708f39203ba341249a7d9b63002b0003020304000d0020001e0403050306030203080408050806040105010601020104020502060202"
      "02002d00020101001c00024001")));
  const Buffer hello = message_in(from_hex(
      "160303007a020000760303e5dd5948c435f7a38f0f0130708dc322d9df09abd4838117c183a7bb6d994f2c20a80c165581a8e0d06c00"
      "18d54d3a06dd32cfd4051eb026fad3fd0ba99269e6ef130100002e00330024001d00203e30f0f4ba551afd62768341175f5265e4daf0"
      "c8841617aa4fafdd2142320c22002b00020304"));
  EXPECT_EQ(to_hex(ServerHello::parse(Bytes(hello).subspan(kHandshakeHeaderBytes))->session_id),
            "a80c165581a8e0d06c0018d54d3a06dd32cfd4051eb026fad3fd0ba99269e6ef");
  ASSERT_NO_FATAL_FAILURE(trace.server_hello(
      hello, NamedGroup::x25519, from_hex("dea00b45695dc781f19d34a62c1afd31ab4369af1e855a3bbb258d8442cde6d7")));
  EXPECT_EQ(
      types_of(trace.server_flight(from_hex(
          "14030300010117030302a248de891d9c3624a67a6c6f0601ab7ac20c1f6a9e14d2e6007e999e130367a8af1bcfea9498fbce19df4505"
          "eece3a25da523cbe55ea1b3bda4e91995e455d500a4faa6227b7111e1c8547e2d7c179db215303d25827f3cd18f48f6491328cf5c0f8"
          "14d388150bd9e9264aae491db6995069bea17665d5e0c817284d4ac21880054c3657331e23a9304dc88a15c04ec80bd3852bf7f9d3c6"
          "615b15fac83bbca031c6d2310d9f5d7a4b020a4f7c19062b65c05a1d3264b557ec9d8e0f7cee27e36f793039de8dd96edfca9009e065"
          "1034bff31d7f349eece01d99fcb5fcab840d7707c72299c3b5d04564e880a33c5e846c762e3d922bb55303d1d87cc0f06573f17dcb9b"
          "8ffd35bbd883c1cb3aa24fcc325005f768ce2fb624ca97b6c4d98e17f35bc2c7940a06100c2d448db7180b2d862164435c9c210e9860"
          "394e05aab23ff1b0203f662c588da5bc4411477a30b41136c488a0a63fcab5c15ac613226dae827a1d1fe95ece6b30bcee1560a8d408"
          "d264555e760f9bfc624c2c87fd0456c9bfb41bcd1a7b212786d2b67fd57804facfa1eef7cf2919d8b998c9789f763b4d9caa093a9ded"
          "43175d46a76b4d54f0ce0c5d2259b607e30a9d241263874fa59d6f570dc40d83a2d83bf9e9850d454c57806535a8998ae0357df92f00"
          "b9667344c24114ccc9ef539124b204e7e6e748c30a28a3d1d183997243eaccbbd33b0c1115a0327106a1e6a75271d4983086f632ff0e"
          "b8b4c63102cbcef5bb72dae1279d5de8eb19096d8cdb07fa8ea989788fac23e66e0488c193f3f3fea8c8838896bf3ae4b6848d42ced4"
          "bdf41abe6fc331b44225e7a1f7d3564147d5458e71aa909cb02be958bbc42e3aa5a27cc6eaf4b6fe51ae4495694d8ab6320aab920183"
          "fd5b31a359042fbd67391ec5e4d1892a2e5210141a494e9301b24a113c474c7f2a73457847"))),
      "8 11 15 20");
  EXPECT_EQ(types_of(trace.client_flight(from_hex("140303000101170303003532d030e273773a8696c799981af6ced07f87482e81565e"
                                                  "394e87c867f33df3d65b7506f1a626af91d4821d5f7a1f210ef8dd3c6d16"))),
            "20");
  trace.expect_closed_by_both(from_hex("17030300130f629155382dba23c4e2c5f7f84e6f2ed3083d"),
                              from_hex("1703030013b7257b0fecaf69d4f09e3f891e2a25d1e28845"));
}

}  // namespace
}  // namespace handsel::tls
