#pragma once
/// What TLS is spoken: found out by handshakes that are made for it, and from the tables that the code itself uses.

namespace handsel::tls::conformance {

/// Prints a line for each fact, name and value with a tab between them: the table of README.md.
void print_facts();

}  // namespace handsel::tls::conformance
