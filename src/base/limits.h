#pragma once
/// Every bound of the engine that is not configuration, in one place. What is turned away at a bound
/// has a counter (base/drop.h or the layer's statistics).

#include <cstddef>
#include <cstdint>

namespace handsel::limits {

// Packets
inline constexpr std::size_t kBurst = 32;             ///< frames received or sent in one call
inline constexpr std::size_t kMaxFrameBytes = 9'618;  ///< jumbo: 9,600 of payload and Ethernet + VLAN
inline constexpr std::size_t kMaxVlanTags = 2;
inline constexpr std::size_t kMaxIpv6Extensions = 8;      ///< extension headers walked before giving up
inline constexpr std::size_t kMaxFragmentedPackets = 64;  ///< packets being reassembled, of a worker
inline constexpr std::size_t kMaxFragments = 32;          ///< pieces of one of them

// Byte queues
inline constexpr std::size_t kChunkBytes = 2'048;
inline constexpr std::uint32_t kDefaultChunks = 32'768;  ///< 64 MiB a worker

// TCP
inline constexpr std::size_t kDefaultSendBufferBytes = 256 * 1024;
inline constexpr std::size_t kDefaultReceiveBufferBytes = 256 * 1024;
inline constexpr std::size_t kMaxReassemblyRanges = 64;  ///< out-of-order islands a connection keeps

// Crypto stage
inline constexpr std::size_t kMaxLanes = 8;
inline constexpr std::size_t kCryptoQueue = 4'096;     ///< operations waiting, of one kind
inline constexpr std::uint32_t kDefaultBank = 16'384;  ///< entries of each bank of a worker: 4 MiB for all three
inline constexpr std::uint32_t kMaxBank = 1'048'576;   ///< that may be configured: 256 MiB a worker

// Crypto cores
inline constexpr std::size_t kCryptoJobs = 2'048;  ///< operations of a worker that cores have at once
inline constexpr std::size_t kCryptoJobBytes =
    1'280;                                      ///< all that one reads and writes: RSA of 8192 bits, and a message
inline constexpr std::size_t kCryptoTurn = 64;  ///< jobs that a core takes from one ring in a turn

// TLS
inline constexpr std::size_t kMaxPlaintext = 16'384;                       ///< RFC 8446 5.1
inline constexpr std::size_t kMaxCiphertext = kMaxPlaintext + 256;         ///< RFC 8446 5.2
inline constexpr std::size_t kMaxRecordBytes = 5 + kMaxPlaintext + 2'048;  ///< header and RFC 5246's wider bound
inline constexpr std::size_t kMaxHandshakeMessage = 65'536;                ///< a ClientHello over many records
inline constexpr std::size_t kMaxEmptyRecords = 32;                        ///< in a row, before the peer is turned away
inline constexpr std::size_t kMaxHandshakeFrameBytes = 5'120;              ///< all coroutine frames of one handshake
inline constexpr std::size_t kHandshakeAssemblyBytes = 2'048;  ///< a message in pieces, before a long buffer is taken
inline constexpr std::size_t kHandshakeBlockBytes = 8'192;     ///< all that one handshake in progress occupies
inline constexpr std::size_t kLongMessageBytes = kMaxHandshakeMessage + kMaxPlaintext;  ///< one long buffer
inline constexpr std::size_t kMaxExtensions = 128;                                      ///< extensions of one message
inline constexpr std::size_t kMaxKeyShares = 32;             ///< key shares of one ClientHello
inline constexpr std::size_t kMaxTicketsTried = 4;           ///< identities of one ClientHello that are looked at
inline constexpr std::size_t kMaxKeyUpdates = 32;            ///< in a row, without application data between them
inline constexpr std::uint32_t kMaxEarlyData = 32'768;       ///< that a ticket may allow; held until the handshake ends
inline constexpr std::size_t kMaxSkippedEarlyData = 65'536;  ///< ciphertext of early data that was not accepted
inline constexpr std::uint64_t kEarlyDataWindowMs =
    10'000;  ///< a ClientHello's delay beyond its ticket's age (RFC 8446 8.3)
inline constexpr std::uint32_t kReplayGuardEntries = 262'144;  ///< ClientHellos with early data that a worker remembers
inline constexpr std::size_t kMaxPeerCertificates = 10;        ///< of a chain that a peer shows
inline constexpr std::size_t kMaxStoredTicketBytes = 1'536;    ///< a client does not keep longer ones
inline constexpr std::uint64_t kKeyUpdateRecords = 1u << 23;   ///< records sealed under one key (RFC 8446 5.5)

// Admission
inline constexpr std::size_t kBudgetPeers = 4'096;  ///< shares of the handshake budget that are told apart

// Services
inline constexpr std::size_t kMaxHttpHeadBytes = 8'192;

// Neighbours
inline constexpr std::size_t kMaxNeighbours = 1'024;

// Active opens
inline constexpr std::uint32_t kSourcePortAttempts = 4'096;  ///< ports looked at for one connection

// Trace
inline constexpr std::size_t kTraceEventsPerFlow = 64;

}  // namespace handsel::limits
