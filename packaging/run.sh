#!/usr/bin/env bash
# Sets AIOS Desktop up in .venv (once) and starts it. Safe to run again; arguments go to aios-desktop.
# Without a display it starts `aios-desktop daemon` instead.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
source "$root/packaging/machine.sh"

# With a command (`run.sh status`) nothing is decided here; without one the display decides.
wants_window() { case ${1:-} in '' | --*) return 0 ;; *) return 1 ;; esac; }
asks_help() { case " $* " in *' --help '* | *' -h '* | *' --version '*) return 0 ;; *) return 1 ;; esac; }

prepare_venv run
app=$root/.venv/bin/aios-desktop

if ! wants_window "$@" || asks_help "$@"; then
    needs_libraries core || true
    exec "$app" "$@"
fi

if [ -z "${DISPLAY:-}" ] && [ -z "${WAYLAND_DISPLAY:-}" ] && [ -z "${QT_QPA_PLATFORM:-}" ]; then
    say "There is no display here (DISPLAY and WAYLAND_DISPLAY are empty)."
    say "Starting without a window: aios-desktop daemon. Ctrl+C ends it."
    needs_libraries core || exit 1
    exec "$app" daemon "$@"
fi

parts=()
[ -n "${WAYLAND_DISPLAY:-}" ] && parts+=(wayland)
# Qt falls back to X11 where Wayland does not work, so X11 is looked at whenever it is there.
if [ -n "${DISPLAY:-}" ] || [ "${#parts[@]}" = 0 ]; then parts+=(xcb); fi
needs_libraries "${parts[@]}" ||
    fail "Without them no window can open. Without a window it works now: $app daemon"
case ${LC_ALL:-${LC_MESSAGES:-${LANG:-}}} in
zh*)
    if command -v fc-list >/dev/null && [ -z "$(fc-list :lang=zh-cn family)" ]; then
        say "No font with Chinese characters is installed."
        install_packages fonts-noto-cjk || true
    fi
    ;;
esac
exec "$app" "$@"
