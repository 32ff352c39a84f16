/// Any bytes as any message, any extension's body, a ticket, a certificate or an OCSP response: what a parser takes is
/// written to the same bytes again, or reads the same when it was written again.
///
/// Input: one byte says what the rest is.

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "crypto/certificate.h"
#include "crypto/ocsp.h"
#include "crypto/peer_chain.h"
#include "tls/messages/certificate.h"
#include "tls/messages/certificate_request.h"
#include "tls/messages/certificate_status.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/encrypted_extensions.h"
#include "tls/messages/extensions.h"
#include "tls/messages/finished.h"
#include "tls/messages/key_exchange12.h"
#include "tls/messages/pre_shared_key.h"
#include "tls/messages/server_hello.h"
#include "tls/ticket.h"
#include "tls_fuzz.h"

namespace {

using namespace handsel;
using namespace handsel::tls;
using handsel::fuzz::CopyingAead;
using handsel::fuzz::require;
using handsel::fuzz::Zeros;
using Buffer = std::vector<std::uint8_t>;

/// What `emit` writes.
template <class Emit>
Buffer written(std::size_t room, Emit&& emit) {
  Buffer out(room + 64);
  Writer writer(out);
  emit(writer);
  require(writer.ok());
  out.resize(writer.size());
  return out;
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

// Messages

void check_same(const auto& message, HandshakeType type, Bytes body) {
  const Buffer again = written(body.size(), [&](Writer& writer) { message.emit(writer); });
  require(again.size() == kHandshakeHeaderBytes + body.size());
  require(again[0] == static_cast<std::uint8_t>(type) && load_be24(&again[1]) == body.size());
  require(std::ranges::equal(Bytes(again).subspan(kHandshakeHeaderBytes), body));
}

template <class Message, HandshakeType kType>
void message(Bytes body) {
  if (const auto parsed = Message::parse(body))
    check_same(*parsed, kType, body);
  else
    require(parsed.error() != Error::none);
}

void finished(Bytes body) {
  for (const std::size_t bytes : {std::size_t{12}, std::size_t{32}, std::size_t{48}}) {
    const auto parsed = Finished::parse(body, bytes);
    require(parsed.has_value() == (body.size() == bytes));
    if (parsed) check_same(*parsed, HandshakeType::finished, body);
  }
}

template <class Message>
void certificates(Bytes body) {
  const auto parsed = Message::parse(body);
  if (!parsed) return;
  check_same(*parsed, HandshakeType::certificate, body);
  parsed->each([&](Bytes certificate, auto... extensions) {
    require(!certificate.empty() && inside(certificate, body));
    (require(inside(extensions, body)), ...);
  });
}

std::vector<SignatureScheme> schemes_of(const CertificateRequest& request) {
  std::vector<SignatureScheme> schemes;
  for (std::size_t i = 0; i < request.schemes.size(); ++i)
    schemes.push_back(static_cast<SignatureScheme>(request.schemes[i]));
  return schemes;
}

void certificate_request(Bytes body) {
  if (const auto parsed = CertificateRequest::parse(body)) {
    const std::vector<SignatureScheme> schemes = schemes_of(*parsed);
    const Buffer again =
        written(body.size(), [&](Writer& writer) { CertificateRequest::emit(writer, schemes, schemes); });
    const auto same = CertificateRequest::parse(Bytes(again).subspan(kHandshakeHeaderBytes));
    require(same && schemes_of(*same) == schemes && same->context.empty());
  }
  if (const auto parsed = CertificateRequest::parse12(body)) {
    const std::vector<SignatureScheme> schemes = schemes_of(*parsed);
    const Buffer again = written(body.size(), [&](Writer& writer) { CertificateRequest::emit12(writer, schemes); });
    const auto same = CertificateRequest::parse12(Bytes(again).subspan(kHandshakeHeaderBytes));
    require(same && schemes_of(*same) == schemes);
  }
}

// Extensions

/// Takes the header off an extension that has just been written.
Bytes body_of(const Buffer& extension, ExtensionType type) {
  require(extension.size() >= 4 && load_be16(&extension[0]) == static_cast<std::uint16_t>(type));
  require(load_be16(&extension[2]) == extension.size() - 4);
  return Bytes(extension).subspan(4);
}

/// What was read is written to the same bytes.
template <ExtensionType kType, class Emit>
void check_extension(Bytes body, Emit&& emit) {
  const Buffer again = written(body.size(), emit);
  require(std::ranges::equal(body_of(again, kType), body));
}

template <class Enum>
std::vector<Enum> numbers_of(const U16List& list) {
  std::vector<Enum> numbers;
  for (std::size_t i = 0; i < list.size(); ++i) numbers.push_back(static_cast<Enum>(list[i]));
  return numbers;
}

void server_name(Bytes body) {
  const auto name = read_server_name(body);
  if (!name) return;
  require(!name->empty() && name->size() <= 255 && inside(as_bytes(*name), body));
  const Buffer again = written(body.size(), [&](Writer& writer) { write_server_name(writer, *name); });
  require(read_server_name(body_of(again, ExtensionType::server_name)) == *name);
}

void versions(Bytes body) {
  if (const auto list = read_client_versions(body))
    check_extension<ExtensionType::supported_versions>(
        body, [&](Writer& writer) { write_client_versions(writer, numbers_of<Version>(*list)); });
  if (const auto version = read_selected_version(body))
    check_extension<ExtensionType::supported_versions>(
        body, [&](Writer& writer) { write_selected_version(writer, *version); });
}

void numbers(Bytes body) {
  if (const auto list = read_numbers(body)) {
    const auto groups = numbers_of<NamedGroup>(*list);
    check_extension<ExtensionType::supported_groups>(body, [&](Writer& writer) {
      write_numbers(writer, ExtensionType::supported_groups, std::span<const NamedGroup>(groups));
    });
  }
}

void key_shares(Bytes body) {
  if (const auto shares = KeyShares::read(body)) {
    std::vector<KeyShare> list;
    shares->each([&](const KeyShare& share) { list.push_back(share); });
    require(list.size() == shares->size());
    for (const KeyShare& share : list) require(std::ranges::equal(shares->find(share.group), share.key));
    check_extension<ExtensionType::key_share>(body, [&](Writer& writer) { write_client_shares(writer, list); });
  }
  if (const auto share = read_server_share(body))
    check_extension<ExtensionType::key_share>(body, [&](Writer& writer) { write_server_share(writer, *share); });
  if (const auto group = read_retry_group(body))
    check_extension<ExtensionType::key_share>(body, [&](Writer& writer) { write_retry_group(writer, *group); });
}

void protocol_names(Bytes body) {
  const auto names = ProtocolNames::read(body);
  if (!names) return;
  require(names->size() != 0 && !names->front().empty() && names->contains(names->front()));
  const std::array<std::string_view, 1> first = {names->front()};
  if (names->size() == 1)
    check_extension<ExtensionType::application_layer_protocol_negotiation>(
        body, [&](Writer& writer) { write_protocol_names(writer, first); });
}

void small_extensions(Bytes body) {
  if (const auto limit = read_record_size_limit(body))
    check_extension<ExtensionType::record_size_limit>(body,
                                                      [&](Writer& writer) { write_record_size_limit(writer, *limit); });
  if (const auto cookie = read_cookie(body))
    check_extension<ExtensionType::cookie>(body, [&](Writer& writer) { write_cookie(writer, *cookie); });
  if (const auto index = read_selected_psk(body))
    check_extension<ExtensionType::pre_shared_key>(body, [&](Writer& writer) { write_selected_psk(writer, *index); });
  if (const auto modes = read_psk_modes(body))
    require(modes->with_dhe == (std::ranges::find(body.subspan(1), kPskWithDhe) != body.end()) &&
            modes->alone == (std::ranges::find(body.subspan(1), kPskOnly) != body.end()));
  read_status_request(body);
}

void offered_psks(Bytes body) {
  const auto offered = OfferedPsks::read(body);
  if (!offered) return;
  require(offered->size() != 0 && offered->binders_bytes() < body.size());
  for (std::size_t i = 0; i < offered->size(); ++i)
    require(inside(offered->identity(i).identity, body) && inside(offered->binder(i), body));
  if (offered->size() != 1) return;
  const PskIdentity identity = offered->identity(0);
  const Buffer again =
      written(body.size(), [&](Writer& writer) { write_offered_psk(writer, identity, offered->binder(0).size()); });
  const Bytes without_binder = body.first(body.size() - offered->binder(0).size());
  const Bytes body_again = body_of(again, ExtensionType::pre_shared_key);
  require(body_again.size() == body.size() &&
          std::ranges::equal(body_again.first(without_binder.size()), without_binder));
}

// Tickets

const TicketKeys& ticket_keys() {
  static const auto keys = [] {
    Buffer file(3 * TicketKeys::kKeyFileBytes);
    for (std::size_t i = 0; i < file.size(); ++i) file[i] = static_cast<std::uint8_t>(i / TicketKeys::kKeyFileBytes);
    return *TicketKeys::from_bytes(file);
  }();
  return *keys;
}

/// Under the real cipher nothing opens; without one, what opens is sealed to a ticket that says the same.
void ticket(Bytes bytes) {
  static const auto real = crypto::make_aead();
  TicketState state;
  require(!ticket_keys().open(*real, bytes, state));
  CopyingAead none;
  if (!ticket_keys().open(none, bytes, state)) return;
  Zeros zeros;
  std::array<std::uint8_t, TicketKeys::kMaxTicketBytes> memory;
  const Bytes again = ticket_keys().seal(none, zeros, state, memory);
  TicketState same;
  require(again.size() == bytes.size() && ticket_keys().open(none, again, same));
  require(same.version == state.version && same.suite == state.suite && same.scope == state.scope);
  require(same.issued_unix_ms == state.issued_unix_ms && same.authenticated_unix_ms == state.authenticated_unix_ms);
  require(std::ranges::equal(same.secret.view(), state.secret.view()));
}

void ticket_key_file(Bytes bytes) {
  const bool whole = bytes.size() % TicketKeys::kKeyFileBytes == 0 && !bytes.empty() &&
                     bytes.size() <= TicketKeys::kMaxKeys * TicketKeys::kKeyFileBytes;
  std::set<std::vector<std::uint8_t>> names;
  for (Bytes rest = bytes; rest.size() >= TicketKeys::kKeyFileBytes; rest = rest.subspan(TicketKeys::kKeyFileBytes))
    names.emplace(rest.begin(), rest.begin() + TicketKeys::kNameBytes);
  const bool distinct = names.size() == bytes.size() / TicketKeys::kKeyFileBytes;
  require(TicketKeys::from_bytes(bytes).has_value() == (whole && distinct));
}

// Certificates: the list as TLS 1.2 has it

void chain(Bytes body) {
  const auto message = Certificate12::parse(body);
  if (!message) return;
  std::vector<Bytes> certificates;
  message->each([&](Bytes certificate) { certificates.push_back(certificate); });
  if (certificates.empty() || certificates.size() > limits::kMaxPeerCertificates) return;
  crypto::PeerPolicy policy;
  const auto key = crypto::accept_chain(certificates, policy, 1'000'000);
  require(key.has_value() == crypto::public_key_of(certificates.front()).has_value());
  const auto pin = crypto::pin_of(certificates.front());
  if (key) {
    require(pin.has_value());
    policy.pins = {*pin};
    require(crypto::accept_chain(certificates, policy, 1'000'000).has_value());
    policy.pins.front()[0] ^= 1;
    require(!crypto::accept_chain(certificates, policy, 1'000'000).has_value());
  }
}

void pem(Bytes text) {
  (void)crypto::parse_certificate_chain({reinterpret_cast<const char*>(text.data()), text.size()});
}

void ocsp(Bytes body) {
  // Of nobody's certificate: none is believed.
  require(!crypto::read_ocsp_response(body, {}).has_value());
}

using Parser = void (*)(Bytes);
constexpr std::array<Parser, 26> kParsers = {
    message<ServerHello, HandshakeType::server_hello>,
    message<EncryptedExtensions, HandshakeType::encrypted_extensions>,
    message<CertificateVerify, HandshakeType::certificate_verify>,
    message<NewSessionTicket, HandshakeType::new_session_ticket>,
    message<NewSessionTicket12, HandshakeType::new_session_ticket>,
    message<KeyUpdate, HandshakeType::key_update>,
    message<ServerKeyExchange, HandshakeType::server_key_exchange>,
    message<ClientKeyExchange, HandshakeType::client_key_exchange>,
    message<ClientKeyExchangeRsa, HandshakeType::client_key_exchange>,
    message<ClientHello, HandshakeType::client_hello>,
    certificates<Certificate>,
    certificates<Certificate12>,
    certificate_request,
    finished,
    server_name,
    versions,
    numbers,
    key_shares,
    protocol_names,
    small_extensions,
    offered_psks,
    ticket,
    ticket_key_file,
    chain,
    pem,
    ocsp,
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 100'000) return 0;
  kParsers[data[0] % kParsers.size()](Bytes{data, size}.subspan(1));
  require(ERR_peek_error() == 0);
  return 0;
}
