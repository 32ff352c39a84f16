#include "engine/credential_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>

namespace handsel::engine {

std::expected<std::string, std::string> read_file(const std::filesystem::path& path) {
  // Read once into memory of the right size: a key's text leaves no copies behind in buffers that grew.
  std::ifstream file;
  file.rdbuf()->pubsetbuf(nullptr, 0);
  file.open(path, std::ios::binary | std::ios::ate);
  const auto size = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (size < 0) return std::unexpected(fmt::format("{}: cannot be read: {}", path.string(), std::strerror(errno)));
  std::string text(static_cast<std::size_t>(size), '\0');
  file.seekg(0);
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file) return std::unexpected(fmt::format("{}: cannot be read whole", path.string()));
  return text;
}

tls::Credential credential_of(crypto::KeyId key, const crypto::CertificateChain& chain) {
  return {
      .key = key, .kind = tls::credential_kind(chain.key_type.algorithm), .chain = chain.der, .names = chain.dns_names};
}

std::expected<CredentialFile, CredentialFault> read_credential(const std::filesystem::path& chain_path,
                                                               const std::filesystem::path& key_path,
                                                               crypto::KeyStore& keys, std::int64_t now_unix) {
  const auto fault = [](bool in_key, std::string message) {
    return std::unexpected(CredentialFault{in_key, std::move(message)});
  };
  const auto chain_text = read_file(chain_path);
  if (!chain_text) return fault(false, chain_text.error());
  auto chain = crypto::parse_certificate_chain(*chain_text);
  if (!chain)
    return fault(false, fmt::format("{}: certificate {}: {}", chain_path.string(), chain.error().index + 1,
                                    chain.error().reason));
  auto key_text = read_file(key_path);
  if (!key_text) return fault(true, key_text.error());
  const auto key = keys.add_pem(*key_text);
  secure_wipe(key_text->data(), key_text->size());
  if (!key) return fault(true, fmt::format("{}: {}", key_path.string(), crypto::explain(key.error())));
  if (!crypto::matches(*chain, keys, *key))
    return fault(true, fmt::format("{} is not the private key of {}", key_path.string(), chain_path.string()));
  if (chain->not_after < now_unix)
    return fault(false, fmt::format("{}: the certificate has expired", chain_path.string()));
  tls::Credential credential = credential_of(*key, *chain);
  return CredentialFile{std::move(*chain), std::move(credential)};
}

}  // namespace handsel::engine
