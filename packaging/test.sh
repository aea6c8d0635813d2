#!/usr/bin/env bash
# Sets up what the tests need (once) and runs tests/check.py. Safe to run again; arguments go to it.
set -euo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
source "$root/packaging/machine.sh"

# A Python that has AT-SPI, for driving the window through its accessible names. Not in .venv: gi is no wheel.
has_atspi() { /usr/bin/python3 -c 'import gi; gi.require_version("Atspi", "2.0")' 2>/dev/null; }
has_font() { fc-list ":lang=$1" family 2>/dev/null | grep -q .; }

# The virtual desktop of the end-to-end tests, each part with how it is recognised.
missing=()
command -v Xvfb >/dev/null || missing+=(xvfb)
command -v openbox >/dev/null || missing+=(openbox)
command -v xdotool >/dev/null || missing+=(xdotool)
command -v dbus-daemon >/dev/null || missing+=(dbus)
command -v fc-list >/dev/null || missing+=(fontconfig)
[ -x /usr/libexec/at-spi-bus-launcher ] || missing+=(at-spi2-core dbus-x11) # dbus-x11, or it would bring systemd
has_atspi || missing+=(python3-gi gir1.2-atspi-2.0)
has_font en || missing+=(fonts-dejavu-core)
has_font zh-cn || missing+=(fonts-wqy-microhei)
if [ "${#missing[@]}" -gt 0 ]; then
    say "The end-to-end tests need packages that are not here: ${missing[*]}"
    install_packages "${missing[@]}" || fail "The tests cannot run without them."
fi

prepare_venv dev
needs_libraries xcb || fail "The tests cannot run without them."

exec "$root/.venv/bin/python" "$root/tests/check.py" "$@"
