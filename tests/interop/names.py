"""What the tests take from `handsel stats --json`, as group and name, in one place."""

RX_FRAMES = ("packets", "rx_frames")
TX_FRAMES = ("packets", "tx_frames")
ICMP_ECHO = ("packets", "icmp_echo")
DROPPED = ("packets", "dropped")

SYN_RECEIVED = ("tcp", "syn_received")
OPENED = ("tcp", "connections_opened")
CLOSED = ("tcp", "connections_closed")
RESET = ("tcp", "connections_reset")
ABORTED = ("tcp", "connections_aborted")
HANDSHAKE_TIMEOUTS = ("tcp", "handshake_timeouts")
RESETS_SENT = ("tcp", "resets_sent")
BYTES_IN = ("tcp", "bytes_in")
BYTES_OUT = ("tcp", "bytes_out")
FLOWS = ("tcp", "flows")
HALF_OPEN = ("tcp", "half_open")
TIME_WAIT = ("tcp", "time_wait")

STARTED = ("tls", "handshakes_started")
COMPLETED = ("tls", "handshakes_completed")
FAILED = ("tls", "handshakes_failed")
ABANDONED = ("tls", "handshakes_abandoned")
RESUMED = ("tls", "handshakes_resumed")
RETRIED = ("tls", "handshakes_retried")
EARLY_DATA_ACCEPTED = ("tls", "early_data_accepted")
EARLY_DATA_BYTES = ("tls", "early_data_bytes")
SESSION_IDS_TAKEN = ("tls", "session_ids_taken")


def drop(reason: str) -> tuple[str, str]:
    return "drops", reason


def failure(error: str) -> tuple[str, str]:
    return "tls_failures", error


def early_data_refused(reason: str) -> tuple[str, str]:
    return "tls_early_data_refused", reason


def alert_sent(alert: str) -> tuple[str, str]:
    return "tls_alerts_sent", alert
