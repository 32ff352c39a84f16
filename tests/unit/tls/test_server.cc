#include "test_server.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tls/messages/certificate.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls::test {
namespace {

std::uint64_t no_cycles() { return 0; }

Buffer block_of(const Extensions& extensions) {
  Buffer block(70'000);
  Writer writer(block);
  for (const auto& [type, body] : extensions) {
    writer.u16(type);
    auto length = writer.length<2>();
    writer.bytes(body);
  }
  block.resize(writer.size());
  return block;
}

template <class Message>
Buffer written(const Message& message) {
  Buffer out(80'000);
  Writer writer(out);
  message.emit(writer);
  EXPECT_TRUE(writer.ok());
  out.resize(writer.size());
  return out;
}

Buffer number(std::uint16_t value) { return {static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)}; }

}  // namespace

Buffer& HelloDraft::extension(std::uint16_t type) {
  for (auto& [known, body] : extensions)
    if (known == type) return body;
  return extensions.emplace_back(type, Buffer{}).second;
}

void HelloDraft::remove(std::uint16_t type) {
  std::erase_if(extensions, [type](const auto& extension) { return extension.first == type; });
}

TestServer::TestServer(World& world, Script what)
    : script(std::move(what)), world_(world), stage_(world.backend->kernels(), {}, no_cycles) {
  world.entropy.fill(random_);
}

crypto::HashId TestServer::hash() const {
  const auto id = static_cast<std::uint16_t>(script.suite);
  return (find_suite13(id) != nullptr ? find_suite13(id) : find_suite12(id))->hash;
}

crypto::AeadId TestServer::aead() const {
  const auto id = static_cast<std::uint16_t>(script.suite);
  return (find_suite13(id) != nullptr ? find_suite13(id) : find_suite12(id))->aead;
}

void TestServer::compute(crypto::Operation& operation) {
  ASSERT_TRUE(stage_.submit(operation, Instant{}));
  stage_.flush(Instant{});
  ASSERT_EQ(stage_.take_completed(), &operation);
  ASSERT_EQ(operation.status, crypto::Status::done);
}

void TestServer::send_record(ContentType type, Bytes content) {
  Buffer record(write_.content_offset());
  append(record, content);
  if (write_.on()) {
    record.resize(record.size() + 64);
    record.resize(write_.seal(*world_.aead, type, record, content.size()));
  } else {
    write_record_header(record, type, Version::tls12, content.size());
  }
  append(output_, record);
}

void TestServer::send(Step step, Buffer message) {
  if (script.before) script.before(step, *this);
  if (script.message) script.message(step, message);
  if (message.empty()) return;
  transcript_->add(message);
  if (script.sent) script.sent(step, message);
  for (Bytes rest = message; !rest.empty();) {
    const std::size_t count = std::min(rest.size(), limits::kMaxPlaintext);
    send_record(ContentType::handshake, rest.first(count));
    rest = rest.subspan(count);
  }
  if (script.after) script.after(step, *this);
}

void TestServer::receive(Bytes bytes) {
  append(input_, bytes);
  while (input_.size() >= kRecordHeaderBytes && input_.size() >= kRecordHeaderBytes + load_be16(&input_[3])) {
    const std::size_t whole = kRecordHeaderBytes + load_be16(&input_[3]);
    Buffer record(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    on_record(record);
  }
}

void TestServer::on_record(MutableBytes record) {
  auto type = static_cast<ContentType>(record[0]);
  MutableBytes content = record.subspan(kRecordHeaderBytes);
  if (type == ContentType::change_cipher_spec) {
    if (keys12_) read_.start12(*world_.aead, aead(), keys12_->client_key.view(), keys12_->client_iv.view());
    return;
  }
  // An alert in the clear comes from a client that has no keys yet.
  if (read_.on() && !(type == ContentType::alert && record.size() == kRecordHeaderBytes + 2)) {
    const auto opened = read_.open(*world_.aead, record);
    ASSERT_TRUE(opened) << name_of(opened.error());
    type = opened->type;
    content = opened->content;
  }
  if (type == ContentType::application_data) append(plaintext, content);
  if (type == ContentType::alert) {
    ASSERT_EQ(content.size(), 2u);
    alert = static_cast<Alert>(content[1]);
  }
  if (type != ContentType::handshake) return;
  append(messages_, content);
  while (messages_.size() >= 4 && messages_.size() >= 4 + load_be24(&messages_[1])) {
    const std::size_t whole = 4 + load_be24(&messages_[1]);
    const Buffer message(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(whole));
    messages_.erase(messages_.begin(), messages_.begin() + static_cast<std::ptrdiff_t>(whole));
    on_message(static_cast<HandshakeType>(message[0]), Bytes(message).subspan(4), message);
  }
}

void TestServer::on_message(HandshakeType type, Bytes body, Bytes whole) {
  if (type == HandshakeType::client_hello) return on_client_hello(body, whole);
  if (type == HandshakeType::finished) return on_client_finished(body, whole);
  transcript_->add(whole);
  if (type == HandshakeType::client_key_exchange) on_client_key_exchange(body);
}

void TestServer::on_client_hello(Bytes body, Bytes whole) {
  client_hello.assign(whole.begin(), whole.end());
  const auto hello = ClientHello::parse(body);
  ASSERT_TRUE(hello);
  session_id_.assign(hello->session_id.begin(), hello->session_id.end());
  std::ranges::copy(hello->random, client_random_.begin());
  if (!transcript_) transcript_.emplace(hash());
  transcript_->add(whole);
  if (script.retries && retried_ < script.retry_requests) return send_retry_request();
  if (script.version == Version::tls12) return serve12();
  const auto shares = KeyShares::read(*hello->key_share);
  ASSERT_TRUE(shares);
  serve13(shares->find(script.group));
}

void TestServer::send_retry_request() {
  if (retried_++ == 0) transcript_->replace_by_message_hash();
  HelloDraft draft;
  draft.random.assign(kRetryRandom.begin(), kRetryRandom.end());
  draft.session_id = session_id_;
  draft.suite = static_cast<std::uint16_t>(script.suite);
  draft.extensions = {{43, {3, 4}}, {51, number(static_cast<std::uint16_t>(script.group))}};
  if (script.retry_request) script.retry_request(draft);
  const Buffer block = block_of(draft.extensions);
  ServerHello hello{static_cast<Version>(draft.legacy_version),
                    draft.random,
                    draft.session_id,
                    static_cast<CipherSuite>(draft.suite),
                    draft.compression,
                    true,
                    block};
  send(Step::retry_request, written(hello));
}

void TestServer::send_hello() {
  HelloDraft draft;
  draft.random.assign(random_.begin(), random_.end());
  draft.suite = static_cast<std::uint16_t>(script.suite);
  if (script.version == Version::tls13) {
    draft.session_id = session_id_;
    Buffer share = number(static_cast<std::uint16_t>(script.group));
    Buffer key(exchange_->share().begin(), exchange_->share().end());
    if (script.share) script.share(key);
    append(share, number(static_cast<std::uint16_t>(key.size())));
    append(share, key);
    draft.extensions = {{43, {3, 4}}, {51, share}};
  } else {
    if (script.echoes_session_id) draft.session_id = session_id_;
    draft.extensions = {{0xff01, {0}}, {23, {}}};
    if (script.announces_ticket) draft.extensions.push_back({35, {}});
  }
  if (script.server_hello) script.server_hello(draft);
  const Buffer block = block_of(draft.extensions);
  ServerHello hello{static_cast<Version>(draft.legacy_version),
                    draft.random,
                    draft.session_id,
                    static_cast<CipherSuite>(draft.suite),
                    draft.compression,
                    !draft.extensions.empty(),
                    block};
  std::ranges::copy(Bytes(draft.random).first(32), random_.begin());
  send(Step::server_hello, written(hello));
}

void TestServer::serve13(Bytes client_share) {
  exchange_.emplace(script.group);
  crypto::Operation generation = exchange_->generation(world_.entropy);
  compute(generation);
  send_hello();
  // One that lies about the group has no secret to go on with.
  if (!exchange_->set_peer(client_share)) return;
  crypto::Operation agreement = exchange_->agreement();
  compute(agreement);
  HandshakeSecret secret = EarlySecret(hash()).handshake(exchange_->shared_secret());
  const Digest hello_hash = transcript_->digest();
  client_secret_ = secret.client_handshake(hello_hash.view());
  const TrafficSecret server_secret = secret.server_handshake(hello_hash.view());
  write_.start13(*world_.aead, aead(), server_secret.clone());
  read_.start13(*world_.aead, aead(), client_secret_.clone());

  const Buffer block = block_of(script.encrypted_extensions);
  Buffer extensions = {8, 0, 0, 0};
  append(extensions, number(static_cast<std::uint16_t>(block.size())));
  append(extensions, block);
  store_be24(&extensions[1], static_cast<std::uint32_t>(extensions.size() - 4));
  send(Step::encrypted_extensions, extensions);
  if (script.asks_for_certificate) send_certificate_request();
  send(Step::certificate, certificate_message(script.credential));
  send_certificate_verify();
  Digest verify_data = transcript_->digest();
  server_secret.finished(verify_data.view(), MutableBytes(verify_data.bytes).first(verify_data.size));
  send(Step::finished, written(Finished{verify_data.view()}));
  MasterSecret master = std::move(secret).master();
  const Digest through_finished = transcript_->digest();
  client_application_ = master.client_application(through_finished.view());
  write_.start13(*world_.aead, aead(), master.server_application(through_finished.view()));
}

void TestServer::send_certificate_request() {
  Buffer message = script.version == Version::tls13 ? Buffer{13, 0, 0, 11, 0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3}
                                                    : Buffer{13, 0, 0, 8, 1, 64, 0, 2, 4, 3, 0, 0};
  send(Step::certificate_request, message);
}

Buffer TestServer::sign(Bytes digest) {
  crypto::Operation operation;
  operation.kind =
      script.credential.kind == CredentialKind::rsa ? crypto::Kind::rsa_pss_sign : crypto::Kind::ecdsa_p256_sign;
  Buffer signature(512);
  operation.key = script.credential.key;
  operation.message = digest;
  operation.signature = signature;
  compute(operation);
  signature.resize(operation.signature_bytes);
  if (script.signature) script.signature(signature);
  return signature;
}

void TestServer::send_certificate_verify() {
  Buffer digest(32);
  digest_to_sign(crypto::HashId::sha256, kServerSignatureContext, transcript_->digest().view(), digest);
  send(Step::certificate_verify, written(CertificateVerify{script.scheme, sign(digest)}));
}

void TestServer::send_key_exchange() {
  Buffer key(exchange_->share().begin(), exchange_->share().end());
  if (script.share) script.share(key);
  ServerKeyExchange message{script.group, key, script.scheme, {}};
  Buffer parameters(200);
  Writer writer(parameters);
  message.emit_parameters(writer);
  crypto::Hash hash(crypto::HashId::sha256);
  hash.update(client_random_);
  hash.update(random_);
  hash.update(writer.written());
  Buffer digest(32);
  hash.finish(digest);
  const Buffer signature = sign(digest);
  message.signature = signature;
  send(Step::server_key_exchange, written(message));
}

void TestServer::serve12() {
  send_hello();
  send(Step::certificate, certificate_message12(script.credential));
  exchange_.emplace(script.group);
  crypto::Operation generation = exchange_->generation(world_.entropy);
  compute(generation);
  send_key_exchange();
  if (script.asks_for_certificate) send_certificate_request();
  send(Step::server_hello_done, {14, 0, 0, 0});
}

void TestServer::on_client_key_exchange(Bytes body) {
  ASSERT_TRUE(exchange_->set_peer(body.subspan(1)));
  crypto::Operation agreement = exchange_->agreement();
  compute(agreement);
  master12_.emplace(MasterSecret12::extended(hash(), exchange_->shared_secret(), transcript_->digest().view()));
  keys12_.emplace(master12_->key_block(aead(), client_random_, random_));
}

void TestServer::on_client_finished(Bytes body, Bytes whole) {
  if (script.version == Version::tls12) {
    Buffer expected(kVerifyDataBytes12);
    master12_->client_finished(transcript_->digest().view(), expected);
    connected = std::ranges::equal(body, expected);
    transcript_->add(whole);
    return finish12();
  }
  Digest expected = transcript_->digest();
  client_secret_.finished(expected.view(), MutableBytes(expected.bytes).first(expected.size));
  connected = std::ranges::equal(body, expected.view());
  transcript_->add(whole);
  read_.start13(*world_.aead, aead(), client_application_.clone());
}

void TestServer::finish12() {
  if (script.announces_ticket) send(Step::new_session_ticket, {4, 0, 0, 10, 0, 0, 1, 0, 0, 4, 't', 'i', 'c', 'k'});
  if (script.sends_change_cipher_spec) {
    put(Buffer{20, 3, 3, 0, 1, 1});
    write_.start12(*world_.aead, aead(), keys12_->server_key.view(), keys12_->server_iv.view());
  }
  Buffer verify_data(kVerifyDataBytes12);
  master12_->server_finished(transcript_->digest().view(), verify_data);
  send(Step::finished, written(Finished{verify_data}));
}

void exchange(ClientEnd& client, TestServer& server) {
  for (;;) {
    const Buffer to_server = client.take_output();
    server.receive(to_server);
    const Buffer to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return;
    client.receive(to_client);
    client.settle();
  }
}

}  // namespace handsel::tls::test
