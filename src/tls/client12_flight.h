#pragma once
/// The flights of a TLS 1.2 client and what is kept between them (RFC 5246 7.4, RFC 5077 3.3).

#include <array>
#include <cstdint>
#include <optional>

#include "tls/client13_flight.h"
#include "tls/client_offer.h"
#include "tls/handshake.h"
#include "tls/key_schedule12.h"
#include "tls/session_cache.h"

namespace handsel::tls {

/// What the ServerHello has settled.
struct Agreed12Client {
  const Suite* suite = nullptr;
  bool extended_master_secret = false;
  bool ticket_follows = false;
  bool resumed = false;
  std::uint8_t session_id_bytes = 0;
  std::array<std::uint8_t, kMaxSessionIdBytes> session_id{};  ///< the server's
  std::array<std::uint8_t, kRandomBytes> client_random{};
  std::array<std::uint8_t, kRandomBytes> server_random{};
};

/// The session as it will be kept when the handshake has come to its end.
class NewTicket12 {
 public:
  /// `cache` may be null. `offer` and `agreed` outlive this.
  NewTicket12(SessionCache* cache, const ClientOffer& offer, const Agreed12Client& agreed)
      : cache_(offer.config().resume_sessions ? cache : nullptr), offer_(offer), agreed_(agreed) {}
  void set_master(const MasterSecret12& master) { master_.assign(master.view()); }
  /// Takes a NewSessionTicket.
  Error take(const Message& message);
  /// Both Finished have passed.
  void keep(Handshake& handshake);

 private:
  SessionCache* cache_;
  const ClientOffer& offer_;
  const Agreed12Client& agreed_;
  SessionCache::Room room_;
  std::uint32_t lifetime_seconds_ = 0;
  Secret<48> master_;
};

/// Certificate to ServerHelloDone: the server is known afterwards, and our share made.
Task take_server_flight(Handshake& handshake, ClientOffer& offer, const Agreed12Client& agreed,
                        Transcripts& transcripts, CertificateAsked& asked);

/// Certificate if it was asked for, ClientKeyExchange, CertificateVerify if there is a certificate. Makes the master
/// secret on the way.
Task send_key_exchange(Handshake& handshake, const Agreed12Client& agreed, const KeyExchange& exchange,
                       const CertificateAsked& asked, Transcripts& transcripts, std::optional<MasterSecret12>& master);

/// ChangeCipherSpec and Finished; from here on we write under the new key.
Error send_client_finished(Handshake& handshake, const Agreed12Client& agreed, const MasterSecret12& master,
                           const KeyBlock12& keys, Transcript& transcript);

/// The server's Finished has passed: keeps what to export from, where that is asked for and safe.
void keep_exporter12(Handshake& handshake, const Agreed12Client& agreed, const MasterSecret12& master);

/// Compares the server's Finished with what the transcript up to there makes of it.
Error check_server_finished(const Message& message, const MasterSecret12& master, const Transcript& transcript);

}  // namespace handsel::tls
