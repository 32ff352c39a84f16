#pragma once
/// An end of OpenSSL's TLS over memory, and the loop between it and one of ours.

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <memory>

#include "test_world.h"

namespace handsel::tls::test {

struct Deleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_SESSION* session) const { SSL_SESSION_free(session); }
};
using SavedSession = std::unique_ptr<SSL_SESSION, Deleter>;

/// A client or a server whose transport is two memory BIOs. What is set on the context holds for all connections, what
/// is set on ssl() for the one.
class LibsslEnd {
 public:
  virtual ~LibsslEnd() = default;
  SSL_CTX* context() { return context_.get(); }
  SSL* ssl() {
    if (!ssl_) {
      ssl_.reset(SSL_new(context_.get()));
      SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
      SSL_set_app_data(ssl_.get(), this);
      SSL_set_info_callback(ssl_.get(), note_alert);
      set_up(ssl_.get());
    }
    return ssl_.get();
  }
  /// The next connection is a new one; sessions and ticket keys stay.
  void next_connection() {
    SSL_set_shutdown(ssl(), SSL_SENT_SHUTDOWN);  // or the session would count as broken
    ssl_.reset();
    plaintext.clear();
    alert_sent = alert_received = -1;
  }
  bool connected() { return SSL_is_init_finished(ssl()) == 1; }
  Buffer take_output() {
    Buffer out(BIO_ctrl_pending(SSL_get_wbio(ssl())));
    if (!out.empty()) {
      EXPECT_EQ(BIO_read(SSL_get_wbio(ssl()), out.data(), static_cast<int>(out.size())), static_cast<int>(out.size()));
    }
    return out;
  }
  void give(Bytes bytes) { BIO_write(SSL_get_rbio(ssl()), bytes.data(), static_cast<int>(bytes.size())); }
  /// Goes on with the handshake, or reads all that can be read now.
  void run() {
    if (SSL_in_init(ssl())) SSL_do_handshake(ssl());
    if (!SSL_in_init(ssl())) read();
  }
  void read() {
    Buffer chunk(16'384);
    for (int count; (count = SSL_read(ssl(), chunk.data(), static_cast<int>(chunk.size()))) > 0;)
      append(plaintext, Bytes(chunk).first(static_cast<std::size_t>(count)));
  }
  Buffer plaintext;
  int alert_sent = -1;  ///< the last one's description; -1: none
  int alert_received = -1;

 protected:
  explicit LibsslEnd(const SSL_METHOD* method) : context_(SSL_CTX_new(method)) {}

 private:
  static void note_alert(const SSL* ssl, int where, int value) {
    auto* const end = static_cast<LibsslEnd*>(SSL_get_app_data(ssl));
    if (where == SSL_CB_READ_ALERT) end->alert_received = value & 0xff;
    if (where == SSL_CB_WRITE_ALERT) end->alert_sent = value & 0xff;
  }
  /// Says which end a fresh connection is.
  virtual void set_up(SSL* ssl) = 0;
  std::unique_ptr<SSL_CTX, Deleter> context_;
  std::unique_ptr<SSL, Deleter> ssl_;
};

/// Carries bytes between both until neither has more to say.
inline void exchange(LibsslEnd& theirs, SessionEnd& ours) {
  for (;;) {
    const Buffer to_theirs = ours.take_output();
    theirs.give(to_theirs);
    theirs.run();
    const Buffer to_ours = theirs.take_output();
    ours.receive(to_ours);
    ours.settle();
    if (to_theirs.empty() && to_ours.empty()) return;
  }
}
inline void exchange(SessionEnd& ours, LibsslEnd& theirs) { exchange(theirs, ours); }

inline Buffer pattern(std::size_t bytes) {
  Buffer out(bytes);
  for (std::size_t i = 0; i < bytes; ++i) out[i] = static_cast<std::uint8_t>(i * 31 + (i >> 8));
  return out;
}

}  // namespace handsel::tls::test
