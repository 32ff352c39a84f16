# A network namespace of our own, for the engine and its clients. Sourced, not run.

# namespace_create NAME: an empty namespace with loopback up. Fails when NAME exists.
namespace_create() {
  ip netns add "$1"
  ip -n "$1" link set lo up
}

namespace_exists() { ip netns list 2>/dev/null | awk '{ print $1 }' | grep -qxF -- "$1"; }

# namespace_remove NAME: ends what still runs inside, politely and then not, and removes it. Silent when it is not there.
namespace_remove() {
  namespace_exists "$1" || return 0
  local signal pids
  for signal in TERM KILL; do
    pids=$(ip netns pids "$1" 2>/dev/null || true)
    [ -n "$pids" ] || break
    # shellcheck disable=SC2086  # a list of numbers
    kill "-$signal" $pids 2>/dev/null || true
    namespace_wait_empty "$1" 5 || true
  done
  ip netns delete "$1"
}

# namespace_wait_empty NAME SECONDS: true once no process is left inside.
namespace_wait_empty() {
  local tries=$(($2 * 20))
  while [ "$tries" -gt 0 ]; do
    [ -n "$(ip netns pids "$1" 2>/dev/null)" ] || return 0
    sleep 0.05
    tries=$((tries - 1))
  done
  return 1
}

# inside NAME COMMAND…: runs it in the namespace.
inside() {
  local name=$1
  shift
  ip netns exec "$name" "$@"
}
