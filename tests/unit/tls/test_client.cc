#include "test_client.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "crypto/verify.h"
#include "tls/messages/certificate.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/messages/server_hello.h"

namespace handsel::tls::test {
namespace {

std::uint64_t no_cycles() { return 0; }

constexpr std::size_t kStrangeBinderBytes = 32;

}  // namespace

TestClient::TestClient(World& world, Offer what)
    : offer(std::move(what)), world_(world), stage_(world.backend->kernels(), {}, no_cycles) {
  world.entropy.fill(random_);
}

void TestClient::compute(crypto::Operation& operation) {
  ASSERT_TRUE(stage_.submit(operation, Instant{}));
  stage_.flush(Instant{});
  ASSERT_EQ(stage_.take_completed(), &operation);
  ASSERT_EQ(operation.status, crypto::Status::done);
}

KeyExchange& TestClient::exchange_for(NamedGroup wanted) {
  for (const auto& known : exchanges_)
    if (known->group() == wanted) return *known;
  exchanges_.push_back(std::make_unique<KeyExchange>(wanted));
  crypto::Operation generation = exchanges_.back()->generation(world_.entropy);
  compute(generation);
  return *exchanges_.back();
}

Buffer TestClient::client_hello() {
  Buffer block(20'000), suites(offer.suites.size() * 2), message(40'000);
  Writer numbers(suites);
  for (const CipherSuite each : offer.suites) numbers.u16(static_cast<std::uint16_t>(each));

  Writer extensions(block);
  extensions.bytes(offer.more_extensions);
  if (!offer.server_name.empty()) write_server_name(extensions, offer.server_name);
  if (offer.with_groups)
    write_numbers(extensions, ExtensionType::supported_groups, std::span<const NamedGroup>(offer.groups));
  if (offer.with_schemes)
    write_numbers(extensions, ExtensionType::signature_algorithms, std::span<const SignatureScheme>(offer.schemes));
  if (offer.with_versions) write_client_versions(extensions, offer.versions);
  if (!offer.protocols.empty()) {
    const std::vector<std::string_view> names(offer.protocols.begin(), offer.protocols.end());
    write_protocol_names(extensions, names);
  }
  if (offer.with_shares) {
    std::vector<Buffer> keys;
    std::vector<KeyShare> shares;
    for (const NamedGroup each : offer.shares) {
      const Bytes key = exchange_for(each).share();
      keys.emplace_back(key.begin(), key.end());
      if (alter_share) alter_share(keys.back());
    }
    for (std::size_t i = 0; i < keys.size(); ++i) shares.push_back({offer.shares[i], keys[i]});
    write_client_shares(extensions, shares);
  }
  if (!cookie.empty()) write_cookie(extensions, cookie);
  extensions.bytes(offer.last_extensions);
  if (offer.early_data && !retried) write_empty_extension(extensions, ExtensionType::early_data);
  if (!offer.psk_modes.empty()) write_psk_modes(extensions, offer.psk_modes);
  if (!offer.tickets.empty()) {
    write_psks(extensions);
  }

  ClientHello hello;
  hello.legacy_version = offer.legacy_version;
  hello.random = random_;
  hello.session_id = offer.session_id;
  hello.suites = U16List(suites);
  hello.compression_methods = offer.compression_methods;
  hello.has_extensions = true;
  hello.extensions = extensions.written();
  Writer writer(message);
  hello.emit(writer);
  EXPECT_TRUE(writer.ok());
  message.resize(writer.size());
  if (!offer.tickets.empty()) fill_binder(message);
  return message;
}

// A binder is filled in afterwards; the stranger's stays zeros.
void TestClient::write_psks(Writer& extensions) {
  const Ticket& ticket = offer.tickets.front();
  const PskIdentity own{ticket.identity, ticket.age_add + offer.ticket_age_ms};
  if (offer.strange_identity.empty()) return write_offered_psk(extensions, own, ticket.secret.size());
  auto extension = open_extension(extensions, ExtensionType::pre_shared_key);
  {
    auto identities = extensions.length<2>();
    for (const PskIdentity& each : {PskIdentity{offer.strange_identity, 0}, own}) {
      {
        auto identity = extensions.length<2>();
        extensions.bytes(each.identity);
      }
      extensions.u32(each.obfuscated_age);
    }
  }
  auto binders = extensions.length<2>();
  for (const std::size_t bytes : {kStrangeBinderBytes, ticket.secret.size()}) {
    auto binder = extensions.length<1>();
    extensions.zeros(bytes);
  }
}

void TestClient::fill_binder(Buffer& hello) {
  const Ticket& ticket = offer.tickets.front();
  const crypto::HashId hash = find_suite13(static_cast<std::uint16_t>(ticket.suite))->hash;
  Transcript transcript = retried ? *transcript_ : Transcript(hash);
  const std::size_t strange = offer.strange_identity.empty() ? 0 : 1 + kStrangeBinderBytes;
  transcript.add(Bytes(hello).first(hello.size() - ticket.secret.size() - 3 - strange));
  Buffer binder(ticket.secret.size());
  EarlySecret(hash, ticket.secret).resumption_binder().finished(transcript.digest().view(), binder);
  if (alter_binder) alter_binder(binder);
  std::ranges::copy(binder, hello.end() - static_cast<std::ptrdiff_t>(binder.size()));
}

void TestClient::keep_ticket(Bytes body) {
  const auto message = NewSessionTicket::parse(body);
  ASSERT_TRUE(message);
  Ticket& ticket = tickets.emplace_back();
  append(ticket.identity, message->ticket);
  ticket.suite = suite;
  ticket.lifetime_seconds = message->lifetime_seconds;
  ticket.age_add = message->age_add;
  ticket.max_early_data = message->max_early_data;
  ticket.secret.resize(resumption_secret_.view().size());
  hkdf_expand_label(crypto::Hmac(resumption_secret_.hash(), resumption_secret_.view()), "resumption", message->nonce,
                    ticket.secret);
}

void TestClient::start() {
  first_hello_ = client_hello();
  if (alter_hello) alter_hello(first_hello_);
  send_record(ContentType::handshake, first_hello_);
  if (!offer.early_data || offer.tickets.empty()) return;
  const Ticket& ticket = offer.tickets.front();
  const Suite& traits = *find_suite13(static_cast<std::uint16_t>(ticket.suite));
  Transcript transcript(traits.hash);
  transcript.add(first_hello_);
  write_.start13(*world_.aead, traits.aead,
                 EarlySecret(traits.hash, ticket.secret).client_early(transcript.digest().view()));
}

void TestClient::start_handshake_writing() {
  write_.start13(*world_.aead, find_suite13(static_cast<std::uint16_t>(suite))->aead, client_secret_.clone());
}

void TestClient::send_end_of_early_data() {
  Buffer message = {static_cast<std::uint8_t>(HandshakeType::end_of_early_data), 0, 0, 0};
  if (alter_end_of_early_data) alter_end_of_early_data(message);
  if (!message.empty()) send_record(ContentType::handshake, message);
  transcript_->add(message);
}

void TestClient::send_record(ContentType type, Bytes content, std::size_t padding) {
  Buffer record(kRecordHeaderBytes);
  append(record, content);
  if (write_.on()) {
    if (padding != 0) {
      // Padding stands behind the inner type: as content to the protector, whose own type byte is then the last zero.
      record.push_back(static_cast<std::uint8_t>(type));
      record.resize(record.size() + padding - 1);
      type = ContentType::invalid;
    }
    const std::size_t inner = record.size() - kRecordHeaderBytes;
    record.resize(record.size() + RecordProtector::kOverhead13);
    record.resize(write_.seal(*world_.aead, type, record, inner));
  } else {
    write_record_header(record, type, Version::tls10, content.size());
  }
  append(output_, record);
}

void TestClient::send_alert(Alert which, std::uint8_t level) {
  const std::array<std::uint8_t, 2> content = {level, static_cast<std::uint8_t>(which)};
  send_record(ContentType::alert, content);
}

void TestClient::update_key(bool request) {
  std::array<std::uint8_t, 5> message;
  Writer writer(message);
  KeyUpdate{request}.emit(writer);
  send_record(ContentType::handshake, message);
  write_.update13(*world_.aead);
}

void TestClient::receive(Bytes bytes) {
  append(input_, bytes);
  while (input_.size() >= kRecordHeaderBytes && input_.size() >= kRecordHeaderBytes + load_be16(&input_[3])) {
    const std::size_t whole = kRecordHeaderBytes + load_be16(&input_[3]);
    largest_record = std::max(largest_record, whole);
    Buffer record(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(whole));
    on_record(record);
  }
}

void TestClient::on_record(MutableBytes record) {
  auto type = static_cast<ContentType>(record[0]);
  MutableBytes content = record.subspan(kRecordHeaderBytes);
  EXPECT_EQ(load_be16(&record[1]), 0x0303);
  if (type == ContentType::change_cipher_spec) {
    ++change_cipher_specs;
    return;
  }
  if (read_.on()) {
    ASSERT_EQ(type, ContentType::application_data);
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

void TestClient::on_message(HandshakeType type, Bytes body, Bytes whole) {
  if (type == HandshakeType::server_hello) return on_server_hello(body, whole);
  if (type == HandshakeType::key_update) {
    ++key_updates;
    return read_.update13(*world_.aead);
  }
  if (type == HandshakeType::new_session_ticket) return keep_ticket(body);
  if (type == HandshakeType::encrypted_extensions) {
    const auto message = EncryptedExtensions::parse(body);
    ASSERT_TRUE(message);
    early_data_accepted = static_cast<bool>(message->early_data);
    if (!early_data_accepted) start_handshake_writing();
    if (message->record_size_limit) record_size_limit = *read_record_size_limit(*message->record_size_limit);
    name_acknowledged = static_cast<bool>(message->server_name);
    if (message->application_protocols) protocol = ProtocolNames::read(*message->application_protocols)->front();
  }
  if (type == HandshakeType::certificate) {
    const auto message = Certificate::parse(body);
    ASSERT_TRUE(message);
    message->each([&](Bytes der, Bytes) {
      if (certificate.empty()) append(certificate, der);
    });
  }
  if (type == HandshakeType::certificate_verify) check_signature(body);
  if (type == HandshakeType::finished) {
    Digest verify_data = transcript_->digest();
    server_secret_.finished(verify_data.view(), MutableBytes(verify_data.bytes).first(verify_data.size));
    EXPECT_TRUE(std::ranges::equal(body, verify_data.view())) << "the server's Finished does not verify";
  }
  transcript_->add(whole);
  if (type != HandshakeType::finished) return;
  server_finished_hash_ = transcript_->digest();
  master_secret_.emplace(std::move(*handshake_secret_).master());
  const Suite& traits = *find_suite13(static_cast<std::uint16_t>(suite));
  read_.start13(*world_.aead, traits.aead, master_secret_->server_application(server_finished_hash_.view()));
  if (!hold_finished) send_finished();
}

void TestClient::check_signature(Bytes body) {
  const auto message = CertificateVerify::parse(body);
  ASSERT_TRUE(message);
  scheme = message->scheme;
  const auto hash = scheme == SignatureScheme::rsa_pss_rsae_sha384 ? crypto::HashId::sha384 : crypto::HashId::sha256;
  Buffer digest(crypto::digest_bytes(hash));
  digest_to_sign(hash, kServerSignatureContext, transcript_->digest().view(), digest);
  EXPECT_TRUE(scheme == SignatureScheme::ecdsa_secp256r1_sha256
                  ? crypto::ecdsa_p256_verify(certificate, digest, message->signature)
                  : crypto::rsa_pss_verify(certificate, digest, message->signature));
}

void TestClient::send_finished() {
  if (early_data_accepted) {
    send_end_of_early_data();
    start_handshake_writing();
  }
  Buffer verify_data(server_finished_hash_.size);
  client_secret_.finished(transcript_->digest().view(), verify_data);
  Buffer message(kHandshakeHeaderBytes + verify_data.size());
  Writer writer(message);
  Finished{verify_data}.emit(writer);
  if (alter_finished) alter_finished(message);
  if (!offer.session_id.empty()) {
    const Buffer change_cipher_spec = {20, 3, 3, 0, 1, 1};
    append(output_, change_cipher_spec);
  }
  send_record(ContentType::handshake, message);
  transcript_->add(message);
  resumption_secret_ = master_secret_->resumption(transcript_->digest().view());
  const Suite& traits = *find_suite13(static_cast<std::uint16_t>(suite));
  write_.start13(*world_.aead, traits.aead, master_secret_->client_application(server_finished_hash_.view()));
  connected = true;
}

void TestClient::on_retry(Bytes body, Bytes whole) {
  const auto hello = ServerHello::parse(body);
  EXPECT_FALSE(retried);
  retried = true;
  write_.stop(*world_.aead);
  suite = hello->suite;
  transcript_.emplace(find_suite13(static_cast<std::uint16_t>(suite))->hash);
  transcript_->add(first_hello_);
  transcript_->replace_by_message_hash();
  transcript_->add(whole);
  offer.shares = {*read_retry_group(*hello->key_share)};
  ASSERT_TRUE(hello->cookie);
  append(cookie, *read_cookie(*hello->cookie));
  Buffer second = client_hello();
  if (alter_second_hello) alter_second_hello(second);
  transcript_->add(second);
  send_record(ContentType::handshake, second);
}

void TestClient::on_server_hello(Bytes body, Bytes whole) {
  const auto hello = ServerHello::parse(body);
  ASSERT_TRUE(hello);
  EXPECT_TRUE(std::ranges::equal(hello->session_id, offer.session_id));
  EXPECT_EQ(*read_selected_version(*hello->supported_versions), Version::tls13);
  if (hello->is_retry_request()) return on_retry(body, whole);
  EXPECT_TRUE(!retried || hello->suite == suite);
  suite = hello->suite;
  const Suite* traits = find_suite13(static_cast<std::uint16_t>(suite));
  ASSERT_NE(traits, nullptr);
  if (!retried) {
    transcript_.emplace(traits->hash);
    transcript_->add(first_hello_);
  }
  transcript_->add(whole);
  Bytes shared_secret;
  if (hello->key_share) {
    const auto share = read_server_share(*hello->key_share);
    ASSERT_TRUE(share);
    group = share->group;
    KeyExchange& ours = exchange_for(group);
    ASSERT_TRUE(ours.set_peer(share->key));
    crypto::Operation agreement = ours.agreement();
    compute(agreement);
    shared_secret = ours.shared_secret();
  }
  resumed = static_cast<bool>(hello->pre_shared_key);
  if (resumed) {
    EXPECT_EQ(*read_selected_psk(*hello->pre_shared_key), offer.strange_identity.empty() ? 0 : 1);
  }
  const Bytes psk = resumed ? Bytes(offer.tickets.at(0).secret) : Bytes{};
  handshake_secret_.emplace(EarlySecret(traits->hash, psk).handshake(shared_secret));
  const Digest hash = transcript_->digest();
  client_secret_ = handshake_secret_->client_handshake(hash.view());
  server_secret_ = handshake_secret_->server_handshake(hash.view());
  if (!offer.early_data) start_handshake_writing();
  read_.start13(*world_.aead, traits->aead, server_secret_.clone());
}

void exchange(TestClient& client, ServerEnd& server) {
  for (;;) {
    const Buffer to_server = client.take_output();
    server.receive(to_server);
    server.settle();
    const Buffer to_client = server.take_output();
    if (to_server.empty() && to_client.empty()) return;
    client.receive(to_client);
  }
}

}  // namespace handsel::tls::test
