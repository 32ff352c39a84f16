# Starts and stops an engine inside a namespace. Sourced after output.sh and namespace.sh, not run.

# engine_start NAMESPACE LOG [ARGUMENT…]: leaves the engine's process id in engine_pid.
engine_start() {
  local namespace=$1 log=$2
  shift 2
  # `ip netns exec` becomes the engine, so $! is the engine's own id.
  ip netns exec "$namespace" build/apps/handseld "$@" </dev/null >"$log" 2>&1 9>&- &
  engine_pid=$!
}

# engine_wait_ready NAMESPACE LOG SECONDS: true once the engine serves. Shows its log when it ended or took too long.
engine_wait_ready() {
  local deadline=$((SECONDS + $3))
  while ! inside "$1" build/apps/handsel ready >/dev/null 2>&1; do
    if ! kill -0 "$engine_pid" 2>/dev/null; then
      cat "$2" >&2
      die "the engine ended while starting; its log is above"
    fi
    if [ "$SECONDS" -ge "$deadline" ]; then
      cat "$2" >&2
      die "the engine was not ready within $3 s; its log is above"
    fi
    sleep 0.1
  done
}

# engine_stop SECONDS: asks by SIGTERM, insists after that time. The engine's exit status is the result.
engine_stop() {
  [ -n "${engine_pid:-}" ] || return 0
  local tries=$(($1 * 20)) pid=$engine_pid status=0
  engine_pid=
  kill -TERM "$pid" 2>/dev/null || true
  while [ "$tries" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.05
    tries=$((tries - 1))
  done
  if kill -KILL "$pid" 2>/dev/null; then
    note "the engine did not end within $1 s of SIGTERM and was killed"
  fi
  wait "$pid" || status=$?
  return "$status"
}
