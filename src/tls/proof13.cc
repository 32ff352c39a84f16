#include "tls/proof13.h"

#include <algorithm>

#include "tls/messages/finished.h"

namespace handsel::tls {

crypto::HashId hash_to_sign(SignatureScheme scheme) {
  return scheme == SignatureScheme::rsa_pss_rsae_sha384 ? crypto::HashId::sha384 : crypto::HashId::sha256;
}

crypto::Operation Signing::operation(const Credential& credential, SignatureScheme scheme, std::string_view context,
                                     Bytes transcript_hash) {
  std::array<std::uint8_t, crypto::kMaxDigestBytes> memory;
  const MutableBytes out = MutableBytes(memory).first(crypto::digest_bytes(hash_to_sign(scheme)));
  digest_to_sign(hash_to_sign(scheme), context, transcript_hash, out);
  return operation(credential, out);
}

crypto::Operation Signing::operation(const Credential& credential, Bytes signed_digest) {
  const MutableBytes out = MutableBytes(digest).first(signed_digest.size());
  std::ranges::copy(signed_digest, out.begin());
  crypto::Operation made;
  made.kind =
      credential.kind == CredentialKind::ecdsa_p256 ? crypto::Kind::ecdsa_p256_sign : crypto::Kind::rsa_pss_sign;
  made.key = credential.key;
  made.message = out;
  made.signature = signature;
  return made;
}

Error check_finished13(const Message& message, const TrafficSecret& secret, const Transcript& transcript) {
  Digest expected = transcript.digest();
  secret.finished(expected.view(), MutableBytes(expected.bytes).first(expected.size));
  const std::expected<Finished, Error> finished = Finished::parse(message.body, expected.size);
  if (!finished) return finished.error();
  return equal_constant_time(finished->verify_data, expected.view()) ? Error::none : Error::bad_finished;
}

Bytes write_finished13(MutableBytes out, const TrafficSecret& secret, Transcript& transcript) {
  Digest verify_data = transcript.digest();
  secret.finished(verify_data.view(), MutableBytes(verify_data.bytes).first(verify_data.size));
  Writer writer(out);
  Finished{verify_data.view()}.emit(writer);
  transcript.add(writer.written());
  return writer.written();
}

}  // namespace handsel::tls
