"""Holds config.json, which tells BoringSSL's runner what our errors are called, against the table of errors.

    error_map.py CONFIG ALERT_H

Every name in it must be one that the shim can print, and every fault of a peer must be there.
"""

import json
import pathlib
import re
import sys

SHIMS_OWN = {"no_close_notify"}  # connection.cc
# The runner knows these by the alert alone, or cannot bring them about; the first faults of our own end the list.
NOT_MAPPED = {"alert_received", "no_handshake_memory", "crypto_queue_full", "crypto_failed", "send_queue_full",
              "budget_rate", "budget_share", "budget_progress",
              "internal_error", "record_limit_reached", "too_many_extensions", "forged_cookie", "strange_cookie",
              "expired_cookie"}


def names_in(header: str, table: str) -> set[str]:
    macro = re.search(rf"#define {table}\(X\)(.*?)\n\n", header, re.DOTALL)
    return set(re.findall(r"\bX\((\w+),", macro[1]))


def faults(config: dict, header: str) -> list[str]:
    errors, alerts = names_in(header, "HANDSEL_TLS_ERRORS"), names_in(header, "HANDSEL_TLS_ALERTS")
    known = {f":{name}:" for name in errors | SHIMS_OWN} | {f":alert_received:{name}:" for name in alerts}
    used = {name for names in config["ErrorMap"].values() for name in names}
    found = [f"config.json speaks of {name}, which the shim never prints" for name in sorted(used - known)]
    missing = {f":{name}:" for name in errors - NOT_MAPPED} - used
    found += [f"config.json has nothing for {name}" for name in sorted(missing)]
    found += [f"{name} is no error any more" for name in sorted(NOT_MAPPED - errors)]
    found += [f"{name} is not a name of the runner's" for name in config["ErrorMap"]
              if not re.fullmatch(r":[A-Z0-9_]+:", name)]
    return found


def main() -> int:
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    found = faults(json.loads(pathlib.Path(sys.argv[1]).read_text()), pathlib.Path(sys.argv[2]).read_text())
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
