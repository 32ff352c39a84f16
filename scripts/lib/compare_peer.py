"""The Linux ends of scripts/compare-kernel: a server beside handsel's, and the client of both.

    compare_peer.py serve ADDRESS              GET /bytes/N on port 80, discard on port 9; connections use CUBIC
    compare_peer.py down|up ADDRESS BYTES      prints the seconds that it took, or "failed"
"""

import re
import socket
import sys
import threading
import time

HTTP, DISCARD = 80, 9
PIECE = bytes(1 << 16)


def listen(address: str, port: int) -> socket.socket:
    server = socket.create_server((address, port))
    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    return server


def send_zeros(sock: socket.socket, count: int) -> None:
    while count > 0:
        count -= sock.send(PIECE[:count])


def read_all(sock: socket.socket) -> int:
    total = 0
    while piece := sock.recv(1 << 16):
        total += len(piece)
    return total


def answer(sock: socket.socket) -> None:
    with sock:
        head = b""
        while b"\r\n\r\n" not in head and (piece := sock.recv(4096)):
            head += piece
        count = int(re.match(rb"GET /bytes/(\d+) ", head)[1])
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % count)
        send_zeros(sock, count)


def discard(sock: socket.socket) -> None:
    with sock:
        read_all(sock)


def serve(address: str) -> None:
    def accept(server: socket.socket, handler) -> None:
        while True:
            threading.Thread(target=handler, args=(server.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, args=(listen(address, DISCARD), discard), daemon=True).start()
    accept(listen(address, HTTP), answer)


def connect(address: str, port: int) -> socket.socket:
    sock = socket.socket()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")
    sock.settimeout(120)
    sock.connect((address, port))
    return sock


def down(address: str, count: int) -> bool:
    with connect(address, HTTP) as sock:
        sock.sendall(b"GET /bytes/%d HTTP/1.1\r\nHost: peer\r\nConnection: close\r\n\r\n" % count)
        return read_all(sock) > count


def up(address: str, count: int) -> bool:
    """Over once the server, which has read all, closes after us."""
    with connect(address, DISCARD) as sock:
        send_zeros(sock, count)
        sock.shutdown(socket.SHUT_WR)
        return read_all(sock) == 0


def main() -> None:
    what, address = sys.argv[1:3]
    if what == "serve":
        return serve(address)
    begun = time.monotonic()
    try:
        whole = {"down": down, "up": up}[what](address, int(sys.argv[3]))
    except OSError:
        whole = False
    print(f"{time.monotonic() - begun:.3f}" if whole else "failed")


main()
