# What run.sh and test.sh share: a Python, .venv, system packages. To be sourced, changes nothing by itself.
# Expects `root` (the checkout). Everything here may run again at any time and is quick when nothing is missing.

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# --- Python and .venv -------------------------------------------------------------------------

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# Prints the first Python of at least 3.11. $PYTHON, if set, goes first.
find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.11 python3.12 python3.13 python3.14 \
        /usr/bin/python3 /usr/local/bin/python3; do
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            command -v "$name"
            return
        fi
    done
    return 1
}

check_glibc() {
    local version
    version=$(getconf GNU_LIBC_VERSION 2>/dev/null) || return 0
    version=${version##* }
    if [ "$(printf '%s\n' 2.34 "$version" | sort -V | head -n 1)" != 2.34 ]; then
        fail "This system has glibc $version. Qt needs 2.34 or newer: Debian 12, Ubuntu 22.04, Fedora 35 or later."
    fi
}

# Makes an empty .venv, whatever this Python has for it.
make_venv() {
    local python=$1 venv=$2
    if "$python" -c 'import ensurepip' 2>/dev/null; then
        "$python" -m venv --clear "$venv"
    elif "$python" -m pip --version >/dev/null 2>&1; then
        # Debian's Python without python3-venv: its own pip can fill a bare environment.
        "$python" -m venv --clear --without-pip "$venv"
    else
        say "This Python cannot make a virtual environment: the packages python3-venv and python3-pip are missing."
        install_packages python3-venv || fail "Nothing was installed."
        "$python" -m venv --clear "$venv"
    fi
}

# Runs a pip for .venv: its own, or the one of the system working on it.
venv_pip() {
    if "$root/.venv/bin/python" -c 'import pip' 2>/dev/null; then
        "$root/.venv/bin/python" -m pip "$@"
    else
        "$(find_python)" -m pip --python "$root/.venv/bin/python" "$@"
    fi
}

# What .venv was made from: it is out of date when one of these changed.
fingerprint() {
    { printf '%s\n' "$root"; cat "$root/pyproject.toml" "$root/packaging/constraints.txt"; } | sha256sum
}

# prepare_venv run|dev: .venv holds the application (and, for dev, the tools of the tests).
prepare_venv() {
    local want=$1 stamp="$root/.venv/.aios-installed" have='' python mark extra=''
    exec 9<"$root/pyproject.toml"
    if command -v flock >/dev/null; then
        flock 9 # two starts at once: the second waits and finds everything done
    fi
    mark=$(fingerprint)
    [ -r "$stamp" ] && have=$(cat "$stamp")
    if { [ "$have" = "$mark dev" ] || [ "$have" = "$mark $want" ]; } && "$root/.venv/bin/python" -c '' 2>/dev/null; then
        exec 9<&-
        return
    fi
    [ "$(uname)" = Linux ] && check_glibc
    # A .venv that was copied or moved here belongs to its old place: make a new one.
    if ! is_new_enough "$root/.venv/bin/python" || ! grep -qsF "$root/.venv" "$root/.venv/bin/activate"; then
        python=$(find_python) || fail "Python 3.11 or newer is needed. On Debian or Ubuntu: sudo apt-get install python3 python3-venv"
        say "Making .venv with $python ($("$python" -c 'import platform; print(platform.python_version())')) …"
        make_venv "$python" "$root/.venv"
    fi
    [ "$want" = dev ] && extra='[dev]'
    say "Installing AIOS Desktop and its libraries into .venv. The first time this takes a minute or two …"
    rm -f "$stamp"
    # Warnings are off: pip has one for each unusual index setting of the machine. Errors are shown.
    venv_pip install -qq --disable-pip-version-check --no-input --root-user-action ignore \
        -c "$root/packaging/constraints.txt" -e "$root$extra" ||
        fail "pip could not install (its reason is above). Is the network there? Then start this again."
    printf '%s\n' "$mark $want" >"$stamp"
    exec 9<&-
}

# --- System packages --------------------------------------------------------------------------

# Prints how to become root without a question, or fails: "" for root, "sudo -n" when that works.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        return 0
    fi
    if command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        printf 'sudo -n'
        return 0
    fi
    return 1
}

# Prints the first of `a|b` that this release of the distribution has, else the last.
choose_package() {
    local name
    for name in ${1//|/ }; do
        apt-cache policy "$name" 2>/dev/null | grep -q 'Candidate: [^(]' && break
    done
    printf '%s' "$name"
}

# install_packages NAME...: NAME may be `a|b`. Says what it does; fails when it cannot.
install_packages() {
    local become name names=() output
    if ! command -v apt-get >/dev/null; then
        say "They are in these Debian packages; look for the same in your distribution: ${*//|/ or }"
        return 1
    fi
    if ! become=$(as_root); then
        for name in "$@"; do names+=("$(choose_package "$name")"); done
        say "Run this line, then start again:"
        say "    sudo apt-get install ${names[*]}"
        return 1
    fi
    $become apt-get update -qq || say "The package lists could not be refreshed; going on with the old ones."
    for name in "$@"; do names+=("$(choose_package "$name")"); done
    say "Installing system packages: ${names[*]} …"
    if ! output=$($become env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
        -o Dpkg::Use-Pty=0 "${names[@]}" 2>&1); then
        say "$output"
        return 1
    fi
}

# The Debian package of a shared library that Qt asks for.
package_of() {
    case $1 in
    libGL.so.1) echo libgl1 ;;
    libEGL.so.1) echo libegl1 ;;
    libX11.so.6) echo libx11-6 ;;
    libX11-xcb.so.1) echo libx11-xcb1 ;;
    libxkbcommon.so.0) echo libxkbcommon0 ;;
    libxkbcommon-x11.so.0) echo libxkbcommon-x11-0 ;;
    libfontconfig.so.1) echo libfontconfig1 ;;
    libfreetype.so.6) echo libfreetype6 ;;
    libdbus-1.so.3) echo libdbus-1-3 ;;
    libglib-2.0.so.0 | libgthread-2.0.so.0) echo 'libglib2.0-0t64|libglib2.0-0' ;;
    libxcb-icccm.so.4) echo libxcb-icccm4 ;;
    libxcb-*.so.0 | libxcb-*.so.1) # libxcb-cursor.so.0 is in libxcb-cursor0, and so on
        local stem=${1%.so.*}
        echo "$stem${1##*.so.}"
        ;;
    libxcb.so.1) echo libxcb1 ;;
    libwayland-client.so.0) echo libwayland-client0 ;;
    libwayland-cursor.so.0) echo libwayland-cursor0 ;;
    libwayland-egl.so.1) echo libwayland-egl1 ;;
    libstdc++.so.6) echo libstdc++6 ;;
    libz.so.1) echo zlib1g ;;
    *) echo "$1" ;;
    esac
}

# missing_packages FILE...: the packages whose libraries the loader does not find for these files.
# Asks the loader itself, so it is right on any distribution.
missing_packages() {
    local file name
    for file in "$@"; do
        [ -e "$file" ] || continue
        ldd "$file" 2>/dev/null | sed -n 's/^[[:space:]]*\(.*\) => not found.*/\1/p'
    done | sort -u | while read -r name; do package_of "$name"; done | sort -u
}

# The folder of Qt in .venv.
qt_folder() {
    local found=("$root"/.venv/lib/python3*/site-packages/PySide6)
    printf '%s' "${found[0]}"
}

# needs_libraries core|xcb|wayland...: system libraries for these parts of Qt; installs or tells.
needs_libraries() {
    [ "$(uname)" = Linux ] || return 0
    local qt part files=() missing
    qt=$(qt_folder)
    for part in "$@"; do
        case $part in
        core) files+=("$qt/QtCore.abi3.so" "$qt/Qt/lib/libQt6Core.so.6") ;;
        xcb) files+=("$qt/QtWidgets.abi3.so" "$qt/Qt/plugins/platforms/libqxcb.so") ;;
        wayland) files+=("$qt/QtWidgets.abi3.so" "$qt/Qt/plugins/platforms/libqwayland.so"
            "$qt"/Qt/plugins/wayland-*-client/*.so) ;;
        esac
    done
    mapfile -t missing < <(missing_packages "${files[@]}")
    [ "${#missing[@]}" = 0 ] && return 0
    say "Qt needs system libraries that are not here: ${missing[*]##*|}"
    install_packages "${missing[@]}" || return 1
    mapfile -t missing < <(missing_packages "${files[@]}")
    [ "${#missing[@]}" = 0 ] || { say "Still missing: ${missing[*]}"; return 1; }
}
