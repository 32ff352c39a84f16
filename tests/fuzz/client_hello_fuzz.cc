/// Any bytes as a ClientHello's body: parsed, written again to the same bytes, and negotiated over.

#include <algorithm>
#include <cstdlib>
#include <vector>

#include "tls/config.h"
#include "tls/messages/client_hello.h"
#include "tls/messages/extensions.h"
#include "tls/negotiate.h"

namespace {

using namespace handsel;
using namespace handsel::tls;

void require(bool holds) {
  if (!holds) std::abort();
}

Credential credential(CredentialKind kind, const char* name) {
  Credential out;
  out.key.value = 0;
  out.kind = kind;
  out.chain = {{0x30}};
  out.names = {name};
  return out;
}

const ServerConfig& config() {
  static const ServerConfig made = [] {
    ServerConfig draft;
    draft.credentials = {credential(CredentialKind::ecdsa_p256, "example.test"),
                         credential(CredentialKind::rsa, "*.example.test")};
    draft.alpn = {"h2", "http/1.1"};
    return *prepared(draft);
  }();
  return made;
}

bool inside(Bytes part, Bytes whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void negotiate(const ClientHello& hello, Bytes body) {
  const auto newest = newest_version(hello);
  if (!newest || *newest != Version::tls13) return;
  const auto choice = negotiate13(hello, config());
  if (!choice) {
    require(choice.error() != Error::none);
    return;
  }
  require(choice->suite != nullptr && hello.suites.contains(choice->suite->id));
  if (choice->group) require(inside(choice->group->share, body));
  require(inside(as_bytes(choice->server_name), body));
  require(!choice->credential || choice->credential->credential < config().credentials.size());
  require(choice->protocol == kNoProtocol || choice->protocol < config().alpn.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes body{data, size};
  const auto hello = ClientHello::parse(body);
  if (!hello) return 0;
  require(hello->random.size() == kRandomBytes && hello->session_id.size() <= kMaxSessionIdBytes);
  std::vector<std::uint8_t> again(size + kHandshakeHeaderBytes);
  Writer writer(again);
  hello->emit(writer);
  if (size < 1u << 24) {
    require(writer.ok() && writer.size() == again.size());
    require(std::ranges::equal(Bytes(again).subspan(kHandshakeHeaderBytes), body));
  }
  std::array<std::uint8_t, 32> digest;
  digest_of_constant_part(*hello, digest);
  negotiate(*hello, body);
  return 0;
}
