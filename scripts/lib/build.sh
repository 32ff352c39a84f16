# Configures a build folder the same way every time. Sourced, not run.

# Meson is Debian's: it must not run under a Python that a version manager put first in the path.
export PATH="/usr/bin:/bin:/usr/sbin:/sbin:$PATH"

with_ccache() {
  if command -v ccache >/dev/null; then printf 'ccache %s' "$1"; else printf '%s' "$1"; fi
}

# configure FOLDER C++_COMPILER OPTION…: makes the folder, or gives the existing one these options. A folder that
# cannot be configured again (other compiler, moved tree, broken) is made anew.
configure() {
  local folder=$1 compiler=$2 log
  shift 2
  log=$(mktemp)
  if [ -f "$folder/build.ninja" ]; then
    if meson setup --reconfigure "$@" "$folder" >"$log" 2>&1 </dev/null && compiled_by "$folder" "$compiler"; then
      rm -f "$log"
      return 0
    fi
    note "$folder cannot be used as it is: made anew"
  fi
  rm -rf "$folder"
  if ! CXX=$(with_ccache "$compiler") meson setup "$@" "$folder" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

compiled_by() { grep -q "\"command\": \".*$2 " "$1/compile_commands.json"; }
