"""One handseld with a configuration of its own, and what `handsel` says about it."""

import json
import pathlib
import signal
import subprocess
import time

READY_SECONDS = 30
STOP_SECONDS = 10


class EngineError(Exception):
    pass


class Engine:
    def __init__(self, build: pathlib.Path, folder: pathlib.Path, config: str, name: str = "interop"):
        self.build = build
        self.folder = folder
        self.name = name
        self.config = folder / "handsel.toml"
        self.log = folder / "handseld.log"
        self.runtime_dir = folder / "run"
        self.log_shown = 0
        self.process: subprocess.Popen | None = None
        self.runtime_dir.mkdir(parents=True, exist_ok=True)
        head = f'[engine]\nname = "{name}"\nruntime_dir = "{self.runtime_dir}"\n'
        self.config.write_text(config if "[engine]" in config else head + config)

    def start(self) -> None:
        """Returns once the engine serves."""
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [self.build / "apps" / "handseld", self.config],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + READY_SECONDS
        while self.handsel("ready").returncode != 0:
            if not self.running():
                raise EngineError(f"the engine ended with {self.process.returncode}:\n{self.log_tail()}")
            if time.monotonic() > deadline:
                self.stop()
                raise EngineError(f"the engine was not ready within {READY_SECONDS} s:\n{self.log_tail()}")
            time.sleep(0.05)
        self.log_shown = self.log.stat().st_size  # what it said while starting

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int | None:
        """The engine's exit status; None when it had to be killed."""
        if self.process is None:
            return None
        self.process.send_signal(how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return None

    def handsel(self, *arguments: str, timeout: float = 20) -> subprocess.CompletedProcess:
        return subprocess.run(
            [self.build / "apps" / "handsel", "--runtime-dir", self.runtime_dir, "--name", self.name, *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)

    def stats(self) -> dict[str, dict[str, int]]:
        """Groups of counters by name."""
        answer = self.handsel("stats", "--json")
        if answer.returncode != 0:
            raise EngineError(f"handsel stats: {answer.stderr}")
        return json.loads(answer.stdout)["groups"]

    def counter(self, name: tuple[str, str]) -> int:
        """Zero for a name that is not there: counters of rows appear with their first event."""
        group, value = name
        return self.stats().get(group, {}).get(value, 0)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of what the log has got since the last call."""
        text = self.log.read_text(errors="replace") if self.log.exists() else ""
        new, self.log_shown = text[self.log_shown:], len(text)
        return "\n".join(f"      | {line}" for line in new.splitlines()[-lines:])
