"""The body of GET /bytes/N: byte i is (i * 167 + (i >> 8) * 13 + 7) & 0xff, which repeats every 65,536 bytes."""

PERIOD = 65536
PATTERN = bytes((i * 167 + (i >> 8) * 13 + 7) & 0xFF for i in range(PERIOD))


def expected(count: int) -> bytes:
    return (PATTERN * (count // PERIOD + 1))[:count]


class Checker:
    """Takes a body piece by piece; says where it first went wrong."""

    def __init__(self):
        self.count = 0

    def take(self, piece: bytes) -> None:
        start = self.count % PERIOD
        wanted = expected(start + len(piece))[start:]
        if piece != wanted:
            at = next(i for i, (a, b) in enumerate(zip(piece, wanted)) if a != b)
            raise AssertionError(f"byte {self.count + at} of the body is {piece[at]}, should be {wanted[at]}")
        self.count += len(piece)
