#include "load_options.h"

namespace handsel::apps {

void declare_tls(CLI::App& app, engine::LoadTlsSettings& settings) {
  const std::string tls = "TLS (https:// and tls://)";
  const auto list = [&](const char* names, std::vector<std::string>& values, const char* text) {
    app.add_option(names, values, text)->delimiter(',')->allow_extra_args(false)->group(tls);
  };
  list("--tls", settings.versions, "versions to offer: 1.2, 1.3 (both)");
  list("--groups", settings.groups, "x25519, P-256, P-384, most wanted first; a key share goes with the first (all)");
  list("--suites,--ciphers", settings.suites, "by IANA's names, of both versions, most wanted first (all)");
  list("--alpn", settings.alpn, "application protocols to offer (none)");
  app.add_option("--sni", settings.server_name, "the server's name: sent, and verified, in place of the URL's address")
      ->group(tls);
  app.add_option("--resume", settings.resume, "share of the connections that offer a session of an earlier one, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->group(tls);
  app.add_option("--ca", settings.ca, "who vouches for the server: a PEM file, or \"system\" (default without --pin)")
      ->group(tls);
  app.add_option("--pin", settings.pins,
                 "its public key: SHA-256 in hexadecimal, or a PEM file with its certificate; may be repeated")
      ->allow_extra_args(false)
      ->group(tls);
  app.add_flag("--insecure", settings.insecure, "verify nothing: whoever answers is taken for the server")->group(tls);
  app.add_option(
         "--spare", settings.spare,
         "work not to be done on this side, with --insecure: signatures (the server's is not checked), keys (the "
         "same X25519 pair each time, at no cost)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group(tls);
  app.add_option("--cert", settings.chain, "our own certificate, PEM, for servers that ask")->group(tls);
  app.add_option("--key", settings.key, "its private key, PEM")->group(tls);
}

}  // namespace handsel::apps
