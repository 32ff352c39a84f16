"""Seeds of the TLS targets: corpus/messages, corpus/handshake, and what corpus/server13, corpus/client13 and
corpus/record have besides.

The bytes of RFC 8448's messages are its own; everything else is put together here.
"""

import struct

# RFC 8448 3: the messages' bodies.
CERTIFICATE = bytes.fromhex(
    "308201ac30820115a003020102020102300d06092a864886f70d01010b0500300e310c300a06035504031303727361301e170d3136303733"
    "303031323335395a170d3236303733303031323335395a300e310c300a0603550403130372736130819f300d06092a864886f70d01010105"
    "0003818d0030818902818100b4bb498f8279303d980836399b36c6988c0c68de55e1bdb826d3901a2461eafd2de49a91d015abbc9a95137a"
    "ce6c1af19eaa6af98c7ced43120998e187a80ee0ccb0524b1b018c3e0b63264d449a6d38e22a5fda430846748030530ef0461c8ca9d9efbf"
    "ae8ea6d1d03e2bd193eff0ab9a8002c47428a6d35a8d88d79f7f1e3f0203010001a31a301830090603551d1304023000300b0603551d0f04"
    "04030205a0300d06092a864886f70d01010b05000381810085aad2a0e5b9276b908c65f73a7267170618a54c5f8a7b337d2df7a594365417"
    "f2eae8f8a58c8f8172f9319cf36b7fd6c55b80f21a03015156726096fd335e5e67f2dbf102702e608ccae6bec1fc63a42a99be5c3eb7107c"
    "3c54e9b9eb2bd5203b1c3b84e0a8b2f759409ba3eac9d91d402dcc0cc8f8961229ac9187b42b4de1")
SERVER_HELLO = bytes.fromhex(
    "0303a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e2692800130100002e00330024001d0020c9828876112095fe"
    "66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f002b00020304")
ENCRYPTED_EXTENSIONS = bytes.fromhex("0022000a00140012001d00170018001901000101010201030104001c0002400100000000")


def vector(length_bytes: int, body: bytes) -> bytes:
    return len(body).to_bytes(length_bytes, "big") + body


def extension(kind: int, body: bytes) -> bytes:
    return struct.pack(">H", kind) + vector(2, body)


def numbers(*values: int) -> bytes:
    return vector(2, b"".join(struct.pack(">H", value) for value in values))


def client_hello(version: int, suites: tuple[int, ...], *extensions: bytes, session_id: bytes = b"") -> bytes:
    block = vector(2, b"".join(extensions)) if extensions else b""
    return struct.pack(">H", version) + bytes(range(32)) + vector(1, session_id) + numbers(*suites) + b"\1\0" + block


def record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack(">BH", kind, version) + vector(2, body)


def handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + vector(3, body)


NAME = extension(0, vector(2, b"\0" + vector(2, b"example.test")))
GROUPS = extension(10, numbers(29, 23))
SCHEMES = extension(13, numbers(0x0403, 0x0804))
VERSIONS = extension(43, vector(1, b"\3\4\3\3"))
SHARE = extension(51, vector(2, b"\0\x1d" + vector(2, bytes(32))))
MASTER = extension(23, b"")
TICKET = extension(35, bytes(28) + b"\3\3" + bytes(90))
MODES = extension(45, vector(1, b"\1"))
PSK_BODY = vector(2, vector(2, bytes(120)) + bytes(4)) + vector(2, vector(1, bytes(32)))

# The order is kParsers' in messages_fuzz.cc.
MESSAGES = [
    ("server_hello", SERVER_HELLO),
    ("encrypted_extensions", ENCRYPTED_EXTENSIONS),
    ("certificate_verify", b"\x08\x04" + vector(2, bytes(128))),
    ("new_session_ticket", struct.pack(">II", 30, 7) + vector(1, b"\0\0") + vector(2, bytes(178)) +
     vector(2, extension(42, bytes(4)))),
    ("new_session_ticket12", struct.pack(">I", 30) + vector(2, bytes(100))),
    ("key_update", b"\1"),
    ("server_key_exchange", b"\3\0\x17" + vector(1, bytes(65)) + b"\4\3" + vector(2, bytes(71))),
    ("client_key_exchange", vector(1, bytes(32))),
    ("client_key_exchange_rsa", vector(2, bytes(256))),
    ("client_hello", client_hello(0x0303, (0x1301, 0xC02B), NAME, GROUPS, SCHEMES, VERSIONS, SHARE, MODES,
                                  extension(41, PSK_BODY))),
    ("certificate", b"\0" + vector(3, vector(3, CERTIFICATE) + vector(2, extension(5, b"\1" + vector(3, b"\x30"))))),
    ("certificate12", vector(3, vector(3, CERTIFICATE))),
    ("certificate_request", b"\0" + vector(2, SCHEMES + extension(47, vector(2, vector(2, b"\x30\0"))))),
    ("finished", bytes(32)),
    ("server_name", vector(2, b"\0" + vector(2, b"example.test"))),
    ("versions", vector(1, b"\3\4\3\3")),
    ("numbers", numbers(29, 23, 0x0A0A)),
    ("key_shares", vector(2, b"\0\x1d" + vector(2, bytes(32)) + b"\0\x17" + vector(2, bytes(65)))),
    ("protocol_names", vector(2, vector(1, b"h2") + vector(1, b"http/1.1"))),
    ("small_extensions", b"\x40\1"),
    ("offered_psks", PSK_BODY),
    ("ticket", bytes(28) + b"\3\4\x13\1" + bytes(32) + vector(1, bytes(32)) + bytes(16)),
    ("ticket_key_file", bytes(48)),
    ("chain", vector(3, vector(3, CERTIFICATE))),
    ("pem", b"-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"),
    ("ocsp", bytes.fromhex("300fa0030a0100") + bytes.fromhex("a0083006060461626364")),
]
# A second body for a parser that reads two forms, or that had a fault.
MORE_MESSAGES = {
    "certificate_request12": ("certificate_request", vector(1, b"\x40\1") + numbers(0x0403, 0x0804) +
                              vector(2, vector(2, b"\x30\0"))),
    "retry_group": ("key_shares", b"\0\x17"),
    "server_share": ("key_shares", b"\0\x1d" + vector(2, bytes(32))),
    "selected_version": ("versions", b"\3\4"),
    "one_protocol": ("protocol_names", vector(2, vector(1, b"h2"))),
    "cookie": ("small_extensions", vector(2, b"cookie")),
    "modes": ("small_extensions", b"\2\0\1"),
    "status_request": ("small_extensions", b"\1" + vector(2, b"") + vector(2, b"")),
    "two_keys": ("ticket_key_file", bytes(48) + b"\1" * 48),
    "two_keys_of_one_name": ("ticket_key_file", bytes(96)),
    "ticket_long_secret": ("ticket", bytes(28) + b"\3\4\x13\1" + bytes(32) + vector(1, bytes(63)) + bytes(16)),
}

# Setup's bits in handshake_fuzz.cc.
(CLIENT_TLS12, RETRY, TWO_SHARES, ASKS, REQUIRES, SHOWS, RESUMES, PROTOCOLS, PIECES, RSA, SERVER_TLS13, INCOMPATIBLE,
 NEW_KEYS, VERIFIES, STRANGERS, EXPORTS, EARLY, PADS) = (1 << bit for bit in range(18))
SETUPS = {
    "plain": 0, "tls12": CLIENT_TLS12, "retry": RETRY, "two_shares": TWO_SHARES, "asked": ASKS,
    "client_certificate": ASKS | REQUIRES | SHOWS, "client_certificate12": ASKS | REQUIRES | SHOWS | CLIENT_TLS12,
    "no_client_certificate": ASKS | REQUIRES, "resumed": RESUMES, "resumed12": RESUMES | CLIENT_TLS12,
    "resumed_retry": RESUMES | RETRY, "resumed_client_certificate": RESUMES | ASKS | SHOWS, "alpn": PROTOCOLS,
    "pieces": PIECES, "rsa": RSA, "rsa12": RSA | CLIENT_TLS12, "too_old": SERVER_TLS13 | CLIENT_TLS12,
    "incompatible": INCOMPATIBLE, "new_keys": NEW_KEYS, "verified": VERIFIES, "stranger": VERIFIES | STRANGERS,
    "strange_client": ASKS | SHOWS | STRANGERS, "exports": EXPORTS, "exports12": EXPORTS | RESUMES | CLIENT_TLS12,
    "early": RESUMES | EARLY, "early_retry": RESUMES | EARLY | RETRY, "early_padded": RESUMES | EARLY | PADS,
    "early_incompatible": RESUMES | EARLY | INCOMPATIBLE | PROTOCOLS, "padded": PADS | ASKS | SHOWS,
}
FLIP, SET, CUT, DROP, REPEAT, INSERT_EMPTY, INSERT_ALERT, INSERT_SPEC, SPLIT, SWAP = range(10)
TO_CLIENT = 0x80


def edit(where: int, change: int, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack(">BBHB", where, change, offset, value)


EDITS = {
    "flip_hello": (0, edit(0, FLIP, 11, 1)),
    "flip_random12": (RESUMES | CLIENT_TLS12, edit(TO_CLIENT, FLIP, 20, 1)),
    "flip_server_hello": (0, edit(TO_CLIENT, FLIP, 90, 4)),
    "split_hello": (0, edit(0, SPLIT, 40)),
    "cut_certificate12": (CLIENT_TLS12, edit(TO_CLIENT, CUT, 300)),
    "no_change12": (CLIENT_TLS12, edit(2, DROP)),
    "repeat_hello": (0, edit(0, REPEAT)),
    "empty_records": (PIECES, edit(1, INSERT_EMPTY, 0, 3) + edit(TO_CLIENT | 1, INSERT_EMPTY, 0, 2)),
    "alert": (0, edit(1, INSERT_ALERT, 1, 40)),
    "warning12": (CLIENT_TLS12, edit(1, INSERT_ALERT, 0, 90)),
    "changes": (0, edit(1, INSERT_SPEC) + edit(TO_CLIENT | 1, INSERT_SPEC) + edit(TO_CLIENT | 2, INSERT_SPEC)),
    "swapped": (0, edit(TO_CLIENT, SWAP)),
    "set_version": (RESUMES, edit(0, SET, 9, 2)),
    "early_dropped": (RESUMES | EARLY, edit(2, DROP)), "early_repeated": (RESUMES | EARLY, edit(2, REPEAT)),
    "early_without_end": (RESUMES | EARLY, edit(3, DROP)), "early_end_split": (RESUMES | EARLY, edit(3, SPLIT, 7)),
}
OUTCOMES = {
    "refused_share": bytes([4, 0, 0, 0]), "failed_share": bytes([0, 0x20, 0, 0]),
    "refused_signature": bytes([0x10, 0, 0, 0]), "failed_signature": bytes([0, 8, 0, 0]),
    "secrets_differ": bytes([0, 0, 1, 2]), "secrets_alike": bytes([0, 0, 9, 9]),
}
HANDSHAKES = {name: struct.pack(">I", setup) + bytes(4) for name, setup in SETUPS.items()}
HANDSHAKES |= {name: struct.pack(">I", setup) + bytes(4) + edits for name, (setup, edits) in EDITS.items()}
HANDSHAKES |= {f"{name}{suffix}": struct.pack(">I", setup) + outcome for name, outcome in OUTCOMES.items()
               for suffix, setup in (("", 0), ("12", CLIENT_TLS12 | ASKS | SHOWS))}

# Flags of server13_fuzz.cc.
CONNECTED, ASKS_CLIENT, MORE, FILLED, EARLY_FIRST, PADDED = 1, 8, 16, 32, 64, 128
SESSION_ID = b"\5" * 32
OLD_HELLO = handshake(1, client_hello(0x0300, (0x0005, 0x000A)))
HELLO12 = handshake(1, client_hello(0x0303, (0xC02B,), NAME, GROUPS, SCHEMES, MASTER, TICKET))
RSA_HELLO = handshake(1, client_hello(0x0303, (0x009C,), SCHEMES, MASTER))
HELLO13 = handshake(1, client_hello(0x0303, (0x1301,), NAME, GROUPS, SCHEMES, VERSIONS, SHARE, MODES,
                                    extension(42, b""), extension(41, PSK_BODY)))
ALL12 = record(20, b"\1") + record(22, bytes(8) + handshake(20, bytes(12)) + bytes(16))
BY_ID12 = handshake(1, client_hello(0x0303, (0xC02B,), NAME, GROUPS, SCHEMES, MASTER, session_id=SESSION_ID))
EARLY_RECORD = record(23, b"early" + b"\x17" + bytes(16))
EARLY_END = record(23, handshake(5, b"") + b"\x16" + bytes(16))
FINISHED13 = record(23, handshake(20, bytes(32)) + b"\x16" + bytes(16))
SERVERS = {
    "ssl3": bytes(2) + record(22, OLD_HELLO, 0x0300),
    "tls11": bytes(2) + record(22, handshake(1, client_hello(0x0302, (0x002F,))), 0x0301),
    "ssl2_only": bytes(2) + bytes.fromhex("801c010002000300000010010080") + bytes(16),
    "flow12": bytes(2) + record(22, HELLO12) + record(22, handshake(16, vector(1, bytes(32)))) + ALL12,
    "flow12_client_certificate": bytes([ASKS_CLIENT, 0]) + record(22, HELLO12) +
    record(22, handshake(11, vector(3, vector(3, CERTIFICATE)))) + record(22, handshake(16, vector(1, bytes(32)))) +
    record(22, handshake(15, b"\4\3" + vector(2, bytes(64)))) + ALL12,
    "flow12_rsa": bytes([MORE, 0]) + record(22, RSA_HELLO) + record(22, handshake(16, vector(2, bytes(256)))) + ALL12,
    "flow12_rsa_failed": bytes([MORE, 1]) + record(22, RSA_HELLO) + record(22, handshake(16, vector(2, bytes(255)))),
    "flow12_ticket": bytes([MORE, 0]) + record(22, HELLO12) + ALL12,
    "psk": bytes([MORE | FILLED, 0]) + record(22, HELLO13) + record(23, bytes(40)),
    "flow12_session_id": bytes(2) + record(22, BY_ID12) + ALL12,
    "early": bytes([EARLY_FIRST, 0]) + EARLY_RECORD + EARLY_END + FINISHED13,
    "early_answered": bytes([EARLY_FIRST | PADDED | 2 | 4, 0]) + EARLY_RECORD,
    "early_without_bound": bytes([EARLY_FIRST, 0]) + EARLY_RECORD * 25,
    "padded": bytes([CONNECTED | PADDED | 2, 0]) + EARLY_RECORD,
    "connected_asked": bytes([CONNECTED | ASKS_CLIENT, 0]) + record(23, b"data" + b"\x17" + bytes(16)),
}


# Flags of client13_fuzz.cc. The client's random bytes are zeros, its session id in compatibility mode too.
ONLY_TLS12, HAS_SESSION, PADS_CLIENT = 1, 2, 128


def server_hello(suite: int, session_id: bytes, *extensions: bytes) -> bytes:
    return handshake(2, b"\3\3" + bytes(range(32)) + vector(1, session_id) + struct.pack(">H", suite) + b"\0" +
                     vector(2, b"".join(extensions)))


HELLO_OF_SESSION13 = record(22, server_hello(0x1301, bytes(32), extension(43, b"\3\4"), extension(51, b"\0\x1d" +
                                             vector(2, bytes(32))), extension(41, b"\0\0")))
ACCEPTS_EARLY = record(23, handshake(8, vector(2, extension(42, b"") + extension(16, vector(2, vector(1, b"h2"))))) +
                       b"\x16" + bytes(16))
CLIENTS = {
    "early_accepted": bytes([HAS_SESSION | PADS_CLIENT, 0]) + HELLO_OF_SESSION13 + ACCEPTS_EARLY + FINISHED13,
    "early_declined": bytes([HAS_SESSION | PADS_CLIENT, 0]) + HELLO_OF_SESSION13 +
    record(23, handshake(8, vector(2, b"")) + b"\x16" + bytes(16)) + FINISHED13,
    "session_id12": bytes([ONLY_TLS12 | HAS_SESSION | PADS_CLIENT, 0]) +
    record(22, server_hello(0xC02B, SESSION_ID, MASTER, extension(0xFF01, b"\0"))) + ALL12,
}

# The first byte of record_fuzz.cc's input is cipher and version, the second the content type.
RECORDS = {"data12": b"\3\x16\0\7content of a record", "chacha12": b"\5\x17\0\7content of a record"}


def corpora() -> dict[str, dict[str, bytes]]:
    selectors = {name: number for number, (name, _) in enumerate(MESSAGES)}
    messages = {name: bytes([selectors[name]]) + body for name, body in MESSAGES}
    messages |= {name: bytes([selectors[parser]]) + body for name, (parser, body) in MORE_MESSAGES.items()}
    return {"messages": messages, "handshake": HANDSHAKES, "record": RECORDS, "server13": SERVERS, "client13": CLIENTS}
