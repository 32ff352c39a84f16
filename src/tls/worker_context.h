#pragma once
/// What the sessions of one worker share.

#include <array>
#include <cstdint>

#include "base/entropy.h"
#include "base/limits.h"
#include "base/slab.h"
#include "crypto/aead.h"
#include "crypto/peer_key_cache.h"
#include "crypto/processor.h"
#include "tls/admission.h"
#include "tls/exporter.h"
#include "tls/frame_pool.h"
#include "tls/replay_guard.h"
#include "tls/retry_cookie.h"
#include "tls/server_sessions.h"
#include "tls/session_cache.h"
#include "tls/statistics.h"

namespace handsel::tls {

/// Lives as long as the worker; used by its thread alone. Outlives every session.
struct WorkerContext {
  crypto::Processor& stage;
  crypto::Aead& aead;
  Entropy& entropy;
  FramePool& frames;
  Statistics& statistics;
  /// Unix time in milliseconds at Instant zero, for tickets that outlive the process and the dates of peers'
  /// certificates.
  std::uint64_t unix_at_zero_ms = 0;
  /// Sessions that clients may resume; null: they resume none.
  SessionCache* client_sessions = nullptr;
  /// For sessions whose configuration says that keying material is exported; null: none is.
  Slab<Exporter>* exporters = nullptr;
  /// Sessions of TLS 1.2 that a server resumes by their ids; null: it resumes none so.
  ServerSessions* server_sessions = nullptr;
  /// Without it servers take no early data, whatever their configuration says.
  ReplayGuard* replay_guard = nullptr;
  /// Null: a server goes on with whatever comes.
  Admission* admission = nullptr;

  /// Of peers that show a certificate, and whom no authority has to vouch for.
  crypto::PeerKeyCache peer_keys{};
  /// For servers that ask a client for another key share.
  RetryCookies retry_cookies{};

  /// Where records are built and sealed. Holds nothing between two calls into a session.
  alignas(64) std::array<std::uint8_t, limits::kMaxRecordBytes> scratch{};
};

}  // namespace handsel::tls
