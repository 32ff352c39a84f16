#include "service/http_response.h"

#include <gtest/gtest.h>

#include <string>

#include "base/limits.h"

namespace handsel::service {
namespace {

struct Outcome {
  HttpResponse response;
  std::string body;
  std::size_t taken = 0;
};

// Reads `text` in pieces of `step` bytes, as far as the response goes.
Outcome read(std::string_view text, std::size_t step) {
  Outcome out;
  while (out.taken < text.size() && !out.response.complete() && !out.response.failed()) {
    const auto piece = text.substr(out.taken, step);
    const HttpResponse::Read read = out.response.read(as_bytes(piece));
    EXPECT_GT(read.taken, 0u);
    out.body += as_text(read.body);
    out.taken += read.taken;
  }
  return out;
}

struct Case {
  const char* name;
  const char* text;
  unsigned status;
  const char* body;
  bool closes;
};

class HttpResponseTest : public ::testing::TestWithParam<Case> {};

TEST_P(HttpResponseTest, reads_the_same_whole_and_byte_by_byte) {
  const Case& expected = GetParam();
  const std::string text = std::string(expected.text) + "HTTP/1.1 200";  // what follows is the next response's
  for (const std::size_t step : {text.size(), std::size_t{1}, std::size_t{3}}) {
    const Outcome out = read(text, step);
    EXPECT_TRUE(out.response.complete());
    EXPECT_EQ(out.response.status(), expected.status);
    EXPECT_EQ(out.body, expected.body);
    EXPECT_EQ(out.response.closes(), expected.closes);
    EXPECT_EQ(out.taken, std::string_view(expected.text).size());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Sound, HttpResponseTest,
    ::testing::Values(
        Case{"Length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello", false},
        Case{"NameInAnyCase", "HTTP/1.1 200 OK\r\ncOnTeNt-lEnGtH:5 \r\n\r\nhello", 200, "hello", false},
        Case{"NoBytes", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, "", false},
        Case{"NoReason", "HTTP/1.1 204 \r\n\r\n", 204, "", false},
        Case{"NotModifiedHasNoBody", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 304, "", false},
        Case{"Closes", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", 200, "x", true},
        Case{"OldVersionCloses", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", true},
        Case{"OldVersionKeepsAlive", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\nx", 200,
             "x", false},
        Case{"InterimIsSkipped", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 200,
             "ok", false},
        Case{"Chunked",
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", 200,
             "hello0123456789", false},
        Case{"Trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nDigest: abc\r\n\r\n", 200,
             "x", false},
        Case{"LengthTwiceTheSame", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 200, "x",
             false},
        Case{"LongField",
             "HTTP/1.1 200 OK\r\nX: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n"
             "Content-Length: 1\r\n\r\nx",
             200, "x", false}),
    [](const auto& each) { return each.param.name; });

class HttpResponseRefusal : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(HttpResponseRefusal, is_named_a_failure) { EXPECT_TRUE(read(GetParam().second, 1'000).response.failed()); }

INSTANTIATE_TEST_SUITE_P(
    Unsound, HttpResponseRefusal,
    ::testing::Values(std::pair{"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n"}, std::pair{"NewerVersion", "HTTP/2.0 200 OK\r\n"},
                      std::pair{"NoStatus", "HTTP/1.1 OK\r\n"}, std::pair{"StatusOutOfRange", "HTTP/1.1 999 OK\r\n"},
                      std::pair{"LengthNoNumber", "HTTP/1.1 200 OK\r\nContent-Length: 5x\r\n"},
                      std::pair{"LengthNegative", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n"},
                      std::pair{"LengthTooLarge", "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n"},
                      std::pair{"LengthsDiffer", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n"},
                      std::pair{"OtherCoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n"},
                      std::pair{"ChunkNoNumber", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"},
                      std::pair{"ChunkTooLong",
                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n"}),
    [](const auto& each) { return each.param.first; });

TEST(HttpResponse, body_without_a_length_ends_with_the_connection) {
  Outcome out = read("HTTP/1.1 200 OK\r\n\r\nall of it", 4);
  EXPECT_FALSE(out.response.complete());
  EXPECT_TRUE(out.response.closes());
  out.response.on_peer_closed();
  EXPECT_TRUE(out.response.complete());
  EXPECT_EQ(out.body, "all of it");
}

TEST(HttpResponse, body_that_is_cut_short_does_not_become_complete) {
  Outcome out = read("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", 100);
  out.response.on_peer_closed();
  EXPECT_FALSE(out.response.complete());
}

TEST(HttpResponse, head_without_an_end_fails_at_the_bound) {
  EXPECT_TRUE(read("HTTP/1.1 200 OK\r\nX: " + std::string(limits::kMaxHttpHeadBytes, 'a'), 100).response.failed());
}

}  // namespace
}  // namespace handsel::service
