#pragma once
/// What two ends of TLS can differ in and agree on, and which of it no handshake can come of.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <span>
#include <string>

#include "tls/config.h"
#include "tls/protocol.h"

namespace handsel::tls::test {

enum class Side : std::uint8_t { server, client };

/// `early`: by a ticket, and the client sends early data.
enum class Resumption : std::uint8_t { none, ticket, session_id, early };
enum class ClientProof : std::uint8_t { not_asked, absent, given };

/// How the byte stream is cut: not at all, into single bytes, into pieces of random lengths, or the records themselves,
/// as far as they are not sealed, into records of a few bytes.
enum class Cut : std::uint8_t { whole, bytes, pieces, records };

struct SuiteRow {
  Suite suite;
  Version version;
  const char* name;  ///< OpenSSL's
};
std::span<const SuiteRow> suite_rows();

struct GroupRow {
  NamedGroup group;
  const char* name;  ///< OpenSSL's
  int nid;
};
std::span<const GroupRow> group_rows();

/// A certificate, and the one scheme by which its owner signs.
struct SigningRow {
  CredentialKind kind;
  SignatureScheme scheme;
  const char* name;  ///< OpenSSL's, for both
  int key_nid;
  int hash_nid;
};
std::span<const SigningRow> signing_rows();

struct Combination {
  Side ours;
  const SuiteRow* suite;
  const GroupRow* group;
  Side restricting;  ///< speaks `group` alone, while the other speaks all; the client prefers X25519
  const SigningRow* signing;
  Resumption resumption;
  ClientProof proof;
  Cut cut;
  bool extended_master_secret;  ///< false in TLS 1.2 alone

  Version version() const { return suite->version; }
  bool is_tls13() const { return version() == Version::tls13; }
  /// The server asks for a share that did not come with the first ClientHello.
  bool retries() const { return is_tls13() && restricting == Side::server && group->group != NamedGroup::x25519; }
  /// The client shows the certificate that it has.
  bool client_shows_certificate() const;
  /// The second connection resumes the first one's session.
  bool resumes() const;
  /// Its client's early data is taken; where there is some, it is passed over otherwise.
  bool takes_early_data() const { return resumption == Resumption::early && !retries(); }
};
void PrintTo(const Combination& combination, std::ostream* out);

/// Why the two cannot agree, with the rule that says so; nullptr when they must.
const char* impossible(const Combination& combination);

/// Combinations in which this side is ours and this suite is spoken, one in `stride`, and none that is another one by a
/// different name. A stride that has no divisor but 1 in common with 2 and 3, of which every choice has a multiple or a
/// power, leaves out no pair of choices.
void for_each_combination(Side ours, const SuiteRow& suite, unsigned stride,
                          const std::function<void(const Combination&, std::uint32_t number)>& visit);

}  // namespace handsel::tls::test
