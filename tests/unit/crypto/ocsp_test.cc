#include "crypto/ocsp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ocsp_responder.h"

namespace handsel::crypto {
namespace {

using testing::HasSubstr;

const std::int64_t kNow = std::time(nullptr);

/// A chain, and a response about its first certificate.
struct Ocsp : testing::Test {
  const Authority authority{kNow};
  const Issued issued = authority.make({});
  const Issued& issuer = authority.intermediate();
  CertificateChain chain = *parse_certificate_chain(issued.pem() + issuer.pem());
  WantedOcsp wanted{issued, issuer};

  std::string fault(const std::vector<std::uint8_t>& der) {
    const auto read = read_ocsp_response(der, chain);
    return read ? "none" : read.error();
  }
};

TEST_F(Ocsp, good_response_of_the_issuer_is_read_with_its_times) {
  const std::int64_t before = std::time(nullptr);
  const auto read = read_ocsp_response(make_ocsp(wanted), chain);
  const std::int64_t after = std::time(nullptr);
  ASSERT_TRUE(read) << read.error();
  EXPECT_GE(read->this_update, before - 60);
  EXPECT_LE(read->this_update, after - 60);
  EXPECT_GE(read->next_update, before + 3'600);
  EXPECT_LE(read->next_update, after + 3'600);
  wanted.next_update_seconds = 0;
  EXPECT_EQ(read_ocsp_response(make_ocsp(wanted), chain)->next_update, 0);
}

TEST_F(Ocsp, response_that_is_out_of_date_is_read_too) {
  wanted.next_update_seconds = -30;
  const auto read = read_ocsp_response(make_ocsp(wanted), chain);
  ASSERT_TRUE(read) << read.error();
  EXPECT_LT(read->next_update, kNow);
}

TEST_F(Ocsp, responder_that_the_issuer_has_named_may_sign) {
  const Issued responder =
      authority.make({.names = "", .common_name = "responder", .extended_key_usage = "OCSPSigning"});
  wanted.signer = &responder;
  EXPECT_EQ(fault(make_ocsp(wanted)), "none");
}

TEST_F(Ocsp, anybody_elses_signature_is_refused) {
  const Issued server = authority.make({.names = "", .common_name = "no responder"});
  const Authority stranger(kNow, "stranger");
  for (const Issued* signer : {&server, &stranger.intermediate()}) {
    wanted.signer = signer;
    EXPECT_EQ(fault(make_ocsp(wanted)), "the OCSP response is not signed by the certificate's issuer");
  }
}

TEST_F(Ocsp, altered_response_is_refused) {
  std::vector<std::uint8_t> der = make_ocsp(wanted);
  der[der.size() / 2] ^= 1;
  EXPECT_NE(fault(der), "none");
}

TEST_F(Ocsp, response_for_another_certificate_is_refused) {
  const Issued other = authority.make({});
  EXPECT_EQ(fault(make_ocsp({other, issuer})), "it is an OCSP response for another certificate");
  const Authority stranger(kNow, "stranger");
  EXPECT_EQ(fault(make_ocsp({issued, stranger.intermediate()})), "it is an OCSP response for another certificate");
}

TEST_F(Ocsp, chain_without_the_issuer_is_held_against_name_and_serial_number) {
  chain.der.resize(1);
  EXPECT_EQ(fault(make_ocsp(wanted)), "none");
  const Issued other = authority.make({});
  EXPECT_EQ(fault(make_ocsp({other, issuer})), "it is an OCSP response for another certificate");
}

TEST_F(Ocsp, certificate_that_is_not_good_is_told) {
  wanted.certificate_status = V_OCSP_CERTSTATUS_REVOKED;
  EXPECT_EQ(fault(make_ocsp(wanted)), "it says that the certificate is revoked");
  wanted.certificate_status = V_OCSP_CERTSTATUS_UNKNOWN;
  EXPECT_EQ(fault(make_ocsp(wanted)), "it says that the certificate is unknown");
}

TEST_F(Ocsp, what_is_no_answer_is_told) {
  wanted.response_status = OCSP_RESPONSE_STATUS_TRYLATER;
  EXPECT_THAT(fault(make_ocsp(wanted)), HasSubstr("the responder did not answer: trylater"));
  EXPECT_EQ(fault({1, 2, 3}), "it is no OCSP response in DER form");
  EXPECT_EQ(fault({}), "it is no OCSP response in DER form");
  std::vector<std::uint8_t> longer = make_ocsp({issued, issuer});
  longer.push_back(0);
  EXPECT_EQ(fault(longer), "it is no OCSP response in DER form");
}

}  // namespace
}  // namespace handsel::crypto
