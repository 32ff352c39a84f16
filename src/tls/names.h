#pragma once
/// Names of the numbers on the wire, as IANA's registries and OpenSSL's users know them. For traces and statistics.

#include <array>
#include <cstdint>
#include <string_view>

#include "tls/protocol.h"

namespace handsel::tls {

struct Named {
  std::uint16_t number;
  std::string_view name;
};

inline constexpr auto kVersionNames = std::to_array<Named>({
    {0x0002, "SSLv2"},
    {0x0300, "SSLv3"},
    {0x0301, "TLSv1.0"},
    {0x0302, "TLSv1.1"},
    {0x0303, "TLSv1.2"},
    {0x0304, "TLSv1.3"},
});

inline constexpr auto kSuiteNames = std::to_array<Named>({
    {0x1301, "TLS_AES_128_GCM_SHA256"},
    {0x1302, "TLS_AES_256_GCM_SHA384"},
    {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
    {0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256"},
    {0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384"},
    {0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
    {0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
    {0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
    {0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
    {0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
    {0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
});

inline constexpr auto kGroupNames = std::to_array<Named>({
    {23, "secp256r1"},
    {24, "secp384r1"},
    {29, "x25519"},
    {0x11ec, "X25519MLKEM768"},
});

inline constexpr auto kSchemeNames = std::to_array<Named>({
    {0x0401, "rsa_pkcs1_sha256"},
    {0x0501, "rsa_pkcs1_sha384"},
    {0x0601, "rsa_pkcs1_sha512"},
    {0x0403, "ecdsa_secp256r1_sha256"},
    {0x0503, "ecdsa_secp384r1_sha384"},
    {0x0804, "rsa_pss_rsae_sha256"},
    {0x0805, "rsa_pss_rsae_sha384"},
    {0x0806, "rsa_pss_rsae_sha512"},
    {0x0807, "ed25519"},
    {0x0809, "rsa_pss_pss_sha256"},
    {0x080a, "rsa_pss_pss_sha384"},
    {0x080b, "rsa_pss_pss_sha512"},
});

/// Where `number` stands in one of the tables above; the table's size when it is not there.
template <std::size_t Size>
constexpr std::size_t index_in(const std::array<Named, Size>& table, std::uint16_t number) {
  for (std::size_t i = 0; i < Size; ++i)
    if (table[i].number == number) return i;
  return Size;
}

/// The name, "GREASE" for RFC 8701's values, "unknown" for the rest.
template <std::size_t Size>
constexpr std::string_view name_in(const std::array<Named, Size>& table, std::uint16_t number) {
  const std::size_t index = index_in(table, number);
  if (index < Size) return table[index].name;
  return is_grease(number) ? "GREASE" : "unknown";
}

constexpr std::string_view version_name(std::uint16_t number) { return name_in(kVersionNames, number); }
constexpr std::string_view suite_name(std::uint16_t number) { return name_in(kSuiteNames, number); }
constexpr std::string_view group_name(std::uint16_t number) { return name_in(kGroupNames, number); }
constexpr std::string_view scheme_name(std::uint16_t number) { return name_in(kSchemeNames, number); }

/// "ClientHello", "Finished", … and "unknown".
std::string_view name_of(HandshakeType type);
/// "handshake", "alert", … and "unknown".
std::string_view name_of(ContentType type);

}  // namespace handsel::tls
