#include "rsa_peer.h"

#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <algorithm>
#include <stdexcept>

#include "crypto/openssl_handle.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls::conformance {
namespace {

constexpr std::size_t kPremasterBytes = 48;

template <class Message>
Buffer written(const Message& message) {
  Buffer out(2'048);
  Writer writer(out);
  message.emit(writer);
  out.resize(writer.size());
  return out;
}

}  // namespace

RsaPeer::RsaPeer(Listened& side, const Suite& suite, std::string premaster)
    : suite_(suite), aead_(*side.aead), fault_(std::move(premaster)), writer_(*side.aead), transcript_(suite.hash) {
  side.world.entropy.fill(random_);
}

void RsaPeer::say(std::string name, ContentType type, Bytes content) {
  Item item;
  item.name = std::move(name);
  item.type = static_cast<std::uint8_t>(type);
  item.content.assign(content.begin(), content.end());
  item.epoch = epochs_.size() - 1;
  items_.push_back(std::move(item));
}

void RsaPeer::say_message(std::string name, Bytes message) {
  transcript_.add(message);
  say(std::move(name), ContentType::handshake, message);
}

void RsaPeer::start() {
  Buffer block(512), suites(2);
  store_be16(suites.data(), static_cast<std::uint16_t>(suite_.id));
  Writer extensions(block);
  write_server_name(extensions, "example.test");
  write_empty_extension(extensions, ExtensionType::extended_master_secret);
  {
    auto extension = open_extension(extensions, ExtensionType::renegotiation_info);
    extensions.u8(0);
  }
  const Buffer null_compression = {0};
  ClientHello hello;
  hello.legacy_version = Version::tls12;
  hello.random = random_;
  hello.suites = U16List(suites);
  hello.compression_methods = null_compression;
  hello.has_extensions = true;
  hello.extensions = extensions.written();
  say_message("ClientHello", written(hello));
}

Buffer RsaPeer::take_altered(Rules& rules) {
  std::vector<Item> flight = std::exchange(items_, {});
  rules.apply(flight);
  return writer_.write(flight, epochs_);
}

void RsaPeer::receive(Bytes bytes) {
  append(input_, bytes);
  while (input_.size() >= kRecordHeaderBytes && !failure_) {
    const std::size_t whole = kRecordHeaderBytes + load_be16(&input_[3]);
    if (input_.size() < whole) return;
    Buffer record(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    on_record(record);
  }
}

void RsaPeer::on_record(MutableBytes record) {
  auto type = static_cast<ContentType>(record[0]);
  Bytes content = record.subspan(kRecordHeaderBytes);
  if (type == ContentType::change_cipher_spec) {
    read_.start12(aead_, suite_.aead, keys_->server_key.view(), keys_->server_iv.view());
    return;
  }
  if (read_.on()) {
    const auto opened = read_.open(aead_, record);
    if (!opened) {
      failure_ = {opened.error(), alert_for(opened.error())};
      return;
    }
    content = opened->content;
  }
  if (type == ContentType::alert && content[1] != 0) failure_ = {Error::alert_received, static_cast<Alert>(content[1])};
  if (type == ContentType::application_data) append(plaintext_, content);
  if (type != ContentType::handshake) return;
  append(messages_, content);
  while (messages_.size() >= kHandshakeHeaderBytes) {
    const std::size_t whole = kHandshakeHeaderBytes + load_be24(&messages_[1]);
    if (messages_.size() < whole) return;
    const Buffer message(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(whole));
    messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(whole));
    on_message(static_cast<HandshakeType>(message[0]), Bytes(message).subspan(kHandshakeHeaderBytes), message);
  }
}

void RsaPeer::on_message(HandshakeType type, Bytes body, Bytes whole) {
  if (type == HandshakeType::finished) {
    std::array<std::uint8_t, kVerifyDataBytes12> expected;
    master_->server_finished(transcript_.digest().view(), expected);
    connected_ = std::ranges::equal(body, expected);
    return;
  }
  transcript_.add(whole);
  if (type == HandshakeType::server_hello) std::ranges::copy(ServerHello::parse(body)->random, server_random_.begin());
  if (type == HandshakeType::certificate) {
    const Bytes first = Reader(Certificate12::parse(body)->list).vector24();
    certificate_.assign(first.begin(), first.end());
  }
  if (type == HandshakeType::server_hello_done) answer();
}

Buffer RsaPeer::encrypted(Bytes premaster) const {
  using X509Handle = crypto::Handle<X509, X509_free>;
  const std::uint8_t* der = certificate_.data();
  const X509Handle certificate(d2i_X509(nullptr, &der, static_cast<long>(certificate_.size())));
  EVP_PKEY* const key = X509_get0_pubkey(certificate.get());
  const std::size_t bytes = static_cast<std::size_t>(EVP_PKEY_get_size(key));

  // EME-PKCS1-v1_5: 00, 02, at least eight bytes that are not zero, 00, the message (RFC 8017 7.2.1).
  Buffer block(bytes, 0x5a);
  block[0] = 0;
  block[1] = fault_ == "block-type" ? 1 : 2;
  if (fault_ == "first-byte") block[0] = 1;
  block[bytes - premaster.size() - 1] = fault_ == "no-separator" ? 0x5a : 0;
  if (fault_ == "short-padding") block[5] = 0;
  std::ranges::copy(premaster, block.end() - static_cast<std::ptrdiff_t>(premaster.size()));
  if (fault_ == "zeros") std::ranges::fill(block, std::uint8_t{0});

  const crypto::Handle<EVP_PKEY_CTX, EVP_PKEY_CTX_free> context(EVP_PKEY_CTX_new(key, nullptr));
  EVP_PKEY_encrypt_init(context.get());
  EVP_PKEY_CTX_set_rsa_padding(context.get(), RSA_NO_PADDING);
  Buffer out(bytes);
  std::size_t size = bytes;
  if (EVP_PKEY_encrypt(context.get(), out.data(), &size, block.data(), block.size()) != 1)
    throw std::runtime_error("the premaster secret could not be encrypted");
  return out;
}

void RsaPeer::answer() {
  Buffer premaster(kPremasterBytes, 0x33);
  store_be16(premaster.data(), fault_ == "version" ? 0x0302 : 0x0303);
  if (fault_ == "short") premaster.pop_back();
  if (fault_ == "long") premaster.push_back(0x33);
  const Buffer ciphertext = encrypted(premaster);
  say_message("ClientKeyExchange", written(ClientKeyExchangeRsa{ciphertext}));
  master_.emplace(MasterSecret12::extended(suite_.hash, premaster, transcript_.digest().view()));
  keys_.emplace(master_->key_block(suite_.aead, random_, server_random_));
  say("ChangeCipherSpec", ContentType::change_cipher_spec, Buffer{1});
  const Bytes key = keys_->client_key.view();
  const Bytes iv = keys_->client_iv.view();
  epochs_.push_back({true, false, suite_.aead, {key.begin(), key.end()}, {iv.begin(), iv.end()}});
  std::array<std::uint8_t, kVerifyDataBytes12> verify_data;
  master_->client_finished(transcript_.digest().view(), verify_data);
  say_message("Finished", written(Finished{verify_data}));
}

}  // namespace handsel::tls::conformance
