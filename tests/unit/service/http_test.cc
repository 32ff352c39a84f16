#include "service/http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_stream.h"

namespace handsel::service {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class HttpTest : public ::testing::Test {
 protected:
  void SetUp() override { http.on_open(stream); }
  // What a flow does: hands over while the service wants data; returns how much it took.
  std::size_t receive(std::string_view text) {
    std::size_t taken = 0;
    while (taken < text.size() && http.wants_data(stream)) {
      const std::size_t step = http.on_data(stream, as_bytes(text.substr(taken)));
      if (step == 0) break;
      taken += step;
    }
    return taken;
  }
  static std::string body(std::uint64_t from, std::uint64_t to) {
    std::string text;
    for (std::uint64_t i = from; i < to; ++i) text.push_back(static_cast<char>(Http::body_byte(i)));
    return text;
  }
  std::size_t responses() const {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = stream.sent.find("HTTP/1.1 ", at)) != std::string::npos; ++at) ++count;
    return count;
  }

  Http http;
  FakeStream stream;
};

TEST_F(HttpTest, get_bytes_answers_with_the_pattern) {
  receive("GET /bytes/1000 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(stream.sent, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(stream.sent, HasSubstr("Content-Length: 1000\r\n"));
  EXPECT_THAT(stream.sent, EndsWith("\r\n\r\n" + body(0, 1000)));
  EXPECT_FALSE(stream.closed);
}

TEST_F(HttpTest, get_root_names_the_connections_tls_parameters) {
  stream.tls = tls::Info{.version = 0x0304, .cipher_suite = 0x1301, .group = 29, .signature_scheme = 0x0403};
  receive("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT(stream.sent, HasSubstr("TLSv1.3\nTLS_AES_128_GCM_SHA256\nx25519\necdsa_secp256r1_sha256\n"));
}

TEST_F(HttpTest, request_split_into_bytes_reads_the_same) {
  for (const char c : std::string("GET /bytes/3 HTTP/1.1\r\nHost: a\r\n\r\n")) receive({&c, 1});
  EXPECT_THAT(stream.sent, EndsWith(body(0, 3)));
}

TEST_F(HttpTest, request_has_to_come_whole_from_its_first_byte_to_the_answer) {
  EXPECT_TRUE(stream.whole_expected);
  const int before = stream.expectations;
  receive("G");
  EXPECT_EQ(stream.expectations, before + 1);
  receive("ET /bytes/9000 HTTP/1.1\r\nHost: a\r\n");
  EXPECT_EQ(stream.expectations, before + 1) << "a byte that drips in defers nothing";
  stream.room = 4'096;
  receive("\r\n");
  EXPECT_FALSE(stream.whole_expected) << "while the answer waits for room, what is taken of it counts";
  stream.room = 16'384;
  http.on_writable(stream);
  EXPECT_TRUE(stream.whole_expected) << "the next request";
}

TEST_F(HttpTest, pipelined_requests_are_answered_in_order) {
  receive("GET /bytes/3 HTTP/1.1\r\n\r\nGET /nothing HTTP/1.1\r\n\r\nGET /bytes/2 HTTP/1.1\r\n\r\n");
  EXPECT_EQ(responses(), 3u);
  EXPECT_THAT(stream.sent, HasSubstr("404 Not Found"));
  EXPECT_THAT(stream.sent, EndsWith(body(0, 2)));
}

TEST_F(HttpTest, body_waits_for_room_and_the_next_request_waits_for_the_body) {
  stream.room = 20'000;
  const std::string_view requests = "GET /bytes/50000 HTTP/1.1\r\n\r\nGET /bytes/1 HTTP/1.1\r\n\r\n";
  const std::size_t taken = receive(requests);
  EXPECT_EQ(taken, requests.find("\r\n\r\n") + 4);
  EXPECT_FALSE(http.wants_data(stream));
  while (!http.wants_data(stream)) {
    stream.room += 10'000;
    http.on_writable(stream);
  }
  EXPECT_THAT(stream.sent, EndsWith("\r\n\r\n" + body(0, 50'000)));
  receive(requests.substr(taken));
  EXPECT_THAT(stream.sent, EndsWith("\r\n\r\n" + body(0, 1)));
}

TEST_F(HttpTest, http_1_0_closes_unless_asked_to_keep_alive) {
  receive("GET /bytes/1 HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(stream.closed);
  FakeStream second;
  http.on_open(second);
  http.on_data(second, as_bytes("GET /bytes/1 HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
  EXPECT_FALSE(second.closed);
  EXPECT_THAT(second.sent, HasSubstr("Connection: keep-alive"));
}

TEST_F(HttpTest, connection_close_is_honoured_and_what_follows_is_ignored) {
  receive("GET /bytes/1 HTTP/1.1\r\nConnection: close\r\n\r\nGET /bytes/1 HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(stream.closed);
  EXPECT_EQ(responses(), 1u);
}

TEST_F(HttpTest, head_has_the_length_and_no_body) {
  receive("HEAD /bytes/77 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(stream.sent, HasSubstr("Content-Length: 77\r\n"));
  EXPECT_THAT(stream.sent, EndsWith("\r\n\r\n"));
}

TEST_F(HttpTest, early_get_and_head_are_answered_and_anything_else_is_told_to_come_again) {
  stream.is_early = true;
  receive("GET / HTTP/1.1\r\n\r\nHEAD / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(responses(), 2u);
  EXPECT_THAT(stream.sent, ::testing::Not(HasSubstr("425")));
  receive("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(stream.sent, HasSubstr("HTTP/1.1 425 Too Early\r\n"));
  stream.is_early = false;
  receive("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_THAT(stream.sent, HasSubstr("HTTP/1.1 405 Method Not Allowed\r\n"));
}

TEST_F(HttpTest, unknown_method_is_405_and_its_body_is_skipped) {
  receive("POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\n12345GET /bytes/1 HTTP/1.1\r\n\r\n");
  EXPECT_THAT(stream.sent, HasSubstr("405 Method Not Allowed"));
  EXPECT_THAT(stream.sent, HasSubstr("Allow: GET, HEAD"));
}

TEST_F(HttpTest, nonsense_is_400_and_closes) {
  receive("\x16\x03\x01 what\r\n\r\n");
  EXPECT_THAT(stream.sent, StartsWith("HTTP/1.1 400"));
  EXPECT_TRUE(stream.closed);
}

TEST_F(HttpTest, too_long_a_head_is_431_and_closes) {
  receive("GET / HTTP/1.1\r\n" + std::string(9'000, 'a'));
  EXPECT_THAT(stream.sent, StartsWith("HTTP/1.1 431"));
  EXPECT_TRUE(stream.closed);
}

TEST_F(HttpTest, lengths_out_of_range_or_malformed_are_404) {
  for (const std::string target :
       {"/bytes/", "/bytes/-1", "/bytes/1x", "/bytes/1073741825", "/bytes/99999999999999999999999"}) {
    stream.sent.clear();
    receive("GET " + target + " HTTP/1.1\r\n\r\n");
    EXPECT_THAT(stream.sent, StartsWith("HTTP/1.1 404")) << target;
  }
}

TEST_F(HttpTest, newer_major_version_is_505) {
  receive("GET / HTTP/2.0\r\n\r\n");
  EXPECT_THAT(stream.sent, StartsWith("HTTP/1.1 505"));
}

TEST_F(HttpTest, half_closed_client_still_gets_its_body_then_the_connection_closes) {
  stream.room = 9'000;
  receive("GET /bytes/30000 HTTP/1.1\r\n\r\n");
  http.on_peer_closed(stream, false);
  EXPECT_FALSE(stream.closed);
  while (!stream.closed) {
    stream.room += 10'000;
    http.on_writable(stream);
  }
  EXPECT_THAT(stream.sent, EndsWith(body(0, 30'000)));
}

}  // namespace
}  // namespace handsel::service
