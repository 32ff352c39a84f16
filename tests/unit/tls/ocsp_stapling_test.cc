// OCSP responses that go with our certificate, as OpenSSL's client sees them.

#include <gtest/gtest.h>

#include "client_authority.h"
#include "connected.h"
#include "ocsp_responder.h"
#include "tls/codec.h"
#include "tls/names.h"

namespace handsel::tls::test {
namespace {

/// A client of OpenSSL's, and a server whose first certificate has an OCSP response.
struct Stapling {
  explicit Stapling(Version version) {
    const LibsslCertificates& certificates = LibsslCertificates::get();
    response = crypto::make_ocsp({certificates.ecdsa, certificates.authority.intermediate()});
    draft.min_version = Version::tls12;
    draft.credentials = {client_credential(certificates.ecdsa)};
    draft.credentials[0].ocsp_response = response;
    SSL_CTX_set_max_proto_version(client.context(), static_cast<int>(version));
  }
  /// What the client has been shown; empty when there was nothing.
  Buffer shown() {
    config = *prepared(draft);
    ServerEnd server(world, config);
    exchange(client, server);
    EXPECT_TRUE(server.connected) << name_of(server.session().failure().error);
    EXPECT_TRUE(SSL_is_init_finished(client.ssl()));
    const unsigned char* bytes = nullptr;
    const long length = SSL_get_tlsext_status_ocsp_resp(client.ssl(), &bytes);
    return length <= 0 ? Buffer() : Buffer(bytes, bytes + length);
  }
  void ask() { SSL_set_tlsext_status_type(client.ssl(), TLSEXT_STATUSTYPE_ocsp); }

  World world;
  Buffer response;
  ServerConfig draft = World::default_config();
  ServerConfig config;
  LibsslClient client;
};

class OcspStapling : public testing::TestWithParam<Version> {};
INSTANTIATE_TEST_SUITE_P(Versions, OcspStapling, testing::Values(Version::tls12, Version::tls13),
                         [](const auto& row) { return row.param == Version::tls12 ? "tls12" : "tls13"; });

TEST_P(OcspStapling, client_that_asks_is_shown_the_response) {
  Stapling stapling(GetParam());
  stapling.ask();
  EXPECT_TRUE(stapling.shown() == stapling.response);
}

TEST_P(OcspStapling, client_that_does_not_ask_is_shown_none) {
  Stapling stapling(GetParam());
  EXPECT_TRUE(stapling.shown().empty());
}

TEST_P(OcspStapling, certificate_without_a_response_is_shown_alone) {
  Stapling stapling(GetParam());
  stapling.draft.credentials[0].ocsp_response.clear();
  stapling.ask();
  EXPECT_TRUE(stapling.shown().empty());
}

TEST_P(OcspStapling, response_that_is_out_of_date_is_not_shown) {
  for (const bool late : {false, true}) {
    Stapling stapling(GetParam());
    stapling.world.worker.unix_at_zero_ms = 1'000'000;
    stapling.draft.credentials[0].ocsp_until_unix_ms = late ? 1'000'000 : 1'000'001;
    stapling.ask();
    EXPECT_EQ(stapling.shown().empty(), late);
  }
}

TEST_P(OcspStapling, certificate_request_goes_with_it) {
  Stapling stapling(GetParam());
  stapling.draft.client_certificates = ClientCertificates::request;
  stapling.draft.client_trust = LibsslCertificates::get().trust;
  stapling.ask();
  EXPECT_TRUE(stapling.shown() == stapling.response);
}

// The request itself

struct Request {
  const char* name;
  Buffer body;
  Error error;
};
void PrintTo(const Request& request, std::ostream* out) { *out << request.name; }

class StatusRequest : public testing::TestWithParam<Request> {};

TEST_P(StatusRequest, is_judged) {
  Offer offer;
  Buffer extension(GetParam().body.size() + 4);
  Writer writer(extension);
  {
    auto length = open_extension(writer, ExtensionType::status_request);
    writer.bytes(GetParam().body);
  }
  offer.more_extensions = extension;
  Pair pair(offer);
  pair.client.start();
  exchange(pair.client, pair.server);
  EXPECT_EQ(name_of(pair.failure().error), name_of(GetParam().error));
  EXPECT_EQ(pair.server.connected, GetParam().error == Error::none);
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, StatusRequest,
    testing::Values(Request{"plain", {1, 0, 0, 0, 0}, Error::none},
                    Request{"with_a_responder", {1, 0, 3, 0, 1, 9, 0, 0}, Error::none},
                    Request{"of_another_type", {2, 0, 0}, Error::none},
                    Request{"empty", {}, Error::malformed_extension},
                    Request{"cut_short", {1, 0, 0, 0}, Error::malformed_extension},
                    Request{"too_long", {1, 0, 0, 0, 0, 0}, Error::malformed_extension},
                    Request{"with_an_empty_responder", {1, 0, 2, 0, 0, 0, 0}, Error::malformed_extension}),
    [](const testing::TestParamInfo<Request>& row) { return row.param.name; });

}  // namespace
}  // namespace handsel::tls::test
