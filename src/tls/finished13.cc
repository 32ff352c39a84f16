#include "tls/finished13.h"

#include "tls/messages/finished.h"

namespace handsel::tls {

Error check_finished13(const Message& message, const FinishedKey& key, const Transcript& transcript) {
  Digest expected = transcript.digest();
  key.authenticate(expected.view(), MutableBytes(expected.bytes).first(expected.size));
  const std::expected<Finished, Error> finished = Finished::parse(message.body, expected.size);
  if (!finished) return finished.error();
  return equal_constant_time(finished->verify_data, expected.view()) ? Error::none : Error::bad_finished;
}

Bytes write_finished13(MutableBytes out, const FinishedKey& key, Transcript& transcript) {
  Digest verify_data = transcript.digest();
  key.authenticate(verify_data.view(), MutableBytes(verify_data.bytes).first(verify_data.size));
  Writer writer(out);
  Finished{verify_data.view()}.emit(writer);
  transcript.add(writer.written());
  return writer.written();
}

}  // namespace handsel::tls
