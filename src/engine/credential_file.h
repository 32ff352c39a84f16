#pragma once
/// Certificates and keys in files. Control thread, at start.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <string>

#include "crypto/certificate.h"
#include "crypto/key_store.h"
#include "tls/config.h"

namespace handsel::engine {

/// A file's whole content. The error names the file and says why.
std::expected<std::string, std::string> read_file(const std::filesystem::path& path);

/// A chain with its key, ready to be shown to peers.
struct CredentialFile {
  crypto::CertificateChain chain;
  tls::Credential credential;  ///< without an OCSP response
};
struct CredentialFault {
  bool in_key = false;  ///< it is about the key's file, else about the chain's
  std::string message;  ///< a sentence that names the file
};

/// Reads a chain and its private key, both PEM, and puts the key into `keys`. A certificate that has expired is a
/// fault.
std::expected<CredentialFile, CredentialFault> read_credential(const std::filesystem::path& chain,
                                                               const std::filesystem::path& key, crypto::KeyStore& keys,
                                                               std::int64_t now_unix);

/// What TLS shows of a chain whose key is `key`.
tls::Credential credential_of(crypto::KeyId key, const crypto::CertificateChain& chain);

}  // namespace handsel::engine
