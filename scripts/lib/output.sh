# What scripts print: headings with the time that passed, and errors. Sourced, not run.

started_at=$SECONDS

# heading TEXT: one step of a script.
heading() { printf '\n== %s  [+%ds]\n' "$*" "$((SECONDS - started_at))"; }

note() { printf '   %s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# shown COMMAND…: prints the command as a person would type it, then runs it.
shown() {
  printf '$ %s\n' "$*"
  "$@"
}
