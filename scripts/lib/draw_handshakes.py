"""Shakes hands in every way that docs/handshakes.md shows, and draws them: see scripts/docs-handshakes. The path to
tests/interop is in PYTHONPATH."""

import argparse
import pathlib
import re
import subprocess
import sys
import time

import engine

ADDRESS, NAME = "10.77.0.2", "example.test"
TIMEOUT_SECONDS = 20
REQUEST = f"GET /bytes/500 HTTP/1.1\r\nHost: {NAME}\r\nConnection: close\r\n\r\n"
CONFIG = f"""
[[port]]
device = "net_tap0,iface=handsel0"
addresses = ["{ADDRESS}/24"]
kernel_addresses = ["10.77.0.1/24"]

[[listener]]
port = 443
tls = "all"

[tls.all]
min_version = "1.2"
rsa_key_exchange = true
"""
# What each drawing must hold, in this order, to be one.
CLOSING = ["application data", "alert close_notify", "FIN"]
HANDSHAKES = {
    "tls12-rsa": (["-tls1_2", "-cipher", "AES128-GCM-SHA256"],
                  ["seq=X=", "seq=Y=", "ClientHello", "ServerHello", "Certificate", "ServerHelloDone", "ClientKeyExchange",
                   "ChangeCipherSpec", "Finished", "ChangeCipherSpec", "Finished"]),
    "tls12-ecdhe": (["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
                    ["seq=X=", "seq=Y=", "ClientHello", "ServerHello", "Certificate", "ServerKeyExchange", "ServerHelloDone",
                     "ClientKeyExchange", "ChangeCipherSpec", "Finished", "ChangeCipherSpec", "Finished"]),
    "tls13-full": (["-tls1_3"],
                   ["seq=X=", "seq=Y=", "ClientHello", "ServerHello", "EncryptedExtensions", "Certificate", "CertificateVerify",
                    "Finished", "Finished", "NewSessionTicket"]),
    "tls13-resumed": (["-tls1_3", "-sess_in"], ["resumed", "seq=X=", "seq=Y=", "ClientHello", "ServerHello", "EncryptedExtensions",
                                                "Finished", "Finished"]),
}


def draw(running: engine.Engine, work: pathlib.Path, name: str) -> str:
    options, wanted = HANDSHAKES[name]
    session = work / "session"
    options = [*options, str(session)] if options[-1] == "-sess_in" else [*options, "-sess_out", str(session)]
    with (work / "tracer").open("w+") as said:
        tracer = subprocess.Popen(
            [running.build / "apps" / "handsel", "--runtime-dir", running.runtime_dir, "--name", running.name, "trace", "--count",
             "1", "--timeout", str(TIMEOUT_SECONDS)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said, text=True)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while "recording" not in (work / "tracer").read_text():
            if tracer.poll() is not None or time.monotonic() > deadline:
                tracer.kill()
                sys.exit(f"{name}: handsel trace does not record: {(work / 'tracer').read_text()}")
            time.sleep(0.02)
    client = subprocess.run(["openssl", "s_client", "-connect", f"{ADDRESS}:443", "-servername", NAME, "-ign_eof", *options],
                            input=REQUEST.encode(), capture_output=True, timeout=TIMEOUT_SECONDS, check=False)
    drawing, _ = tracer.communicate(timeout=TIMEOUT_SECONDS + 5)
    at = 0
    for word in wanted + CLOSING:
        at = drawing.find(word, at)
        if at < 0:
            sys.exit(f"{name}: the drawing lacks {word}:\n{drawing}{client.stdout.decode(errors='replace')}")
        at += len(word)
    return drawing.strip("\n")


def write(file: pathlib.Path, drawings: dict[str, str]) -> None:
    text = file.read_text()
    for name, drawing in drawings.items():
        text, count = re.subn(rf"(<!-- ladder: {name} -->\n```\n).*?(```\n)", lambda found: found[1] + drawing + "\n" + found[2], text,
                              flags=re.DOTALL)
        if count != 1:
            sys.exit(f"{file} has {count} places for {name}")
    file.write_text(text)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--write", type=pathlib.Path)
    arguments = parser.parse_args()
    running = engine.Engine(arguments.build.resolve(), arguments.work, CONFIG, name="docs")
    running.start()
    try:
        drawings = {name: draw(running, arguments.work, name) for name in HANDSHAKES}
    finally:
        running.stop()
    if arguments.write:
        write(arguments.write, drawings)
    else:
        print("\n\n".join(drawings.values()))


if __name__ == "__main__":
    main()
