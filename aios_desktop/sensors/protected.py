"""Which programs are never to be suspended, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aios_desktop.i18n import Say, Value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aios_desktop.sensors.processes import ProcessRow

SHELLS: Final = frozenset(
    {"sh", "bash", "zsh", "fish", "dash", "ksh", "ksh93", "mksh", "tcsh", "csh", "ash", "busybox"}
    | {"nu", "pwsh", "xonsh", "elvish"}
)
_SYSTEM: Final = """
    init systemd (sd-pam) launchd runit runsvdir s6-svscan openrc-init dbus-daemon dbus-broker
    dbus-broker-launch udevd eudev polkitd NetworkManager wpa_supplicant iwd ModemManager
    cron crond anacron atd sshd sshd-session sshd-auth login agetty getty su sudo doas pkexec
    supervisord containerd containerd-shim containerd-shim-runc-v2 dockerd conmon crio kubelet snapd
    rsyslogd syslog-ng auditd elogind seatd upowerd udisksd accounts-daemon rtkit-daemon
    gnome-keyring-daemon ssh-agent gpg-agent mosh-server
"""
_DESKTOP: Final = """
    X Xorg Xwayland Xvfb Xephyr Xvnc Xtigervnc Xnest weston sway Hyprland kwin_wayland kwin_x11 kwin
    mutter gnome-shell plasmashell xfwm4 xfce4-session xfce4-panel xfdesktop xfsettingsd openbox i3
    bspwm awesome fluxbox icewm icewm-session marco metacity muffin cinnamon cinnamon-session dwm
    qtile xmonad labwc wayfire river niri cage gamescope twm fvwm enlightenment budgie-wm
    budgie-panel budgie-daemon mate-session mate-panel lxsession lxpanel lxqt-session lxqt-panel
    gnome-session gnome-session-binary gnome-session-ctl ksmserver kded5 kded6 startplasma-x11
    startplasma-wayland startkde gdm gdm3 gdm-session-worker gdm-wayland-session gdm-x-session
    lightdm sddm sddm-helper xdm xinit startx x11vnc xrdp xrdp-sesman picom compton
    xdg-desktop-portal pipewire wireplumber pulseaudio pipewire-pulse ibus-daemon fcitx fcitx5
    at-spi-bus-launcher at-spi2-registryd gsd-xsettings
"""
_TERMINALS: Final = """
    tmux screen SCREEN zellij byobu gnome-terminal gnome-terminal-server ptyxis ptyxis-agent kgx
    gnome-console konsole xterm uxterm rxvt urxvt urxvtd alacritty kitty wezterm wezterm-gui foot
    footclient terminator tilix xfce4-terminal mate-terminal lxterminal qterminal st guake yakuake
    tilda ghostty terminology deepin-terminal cool-retro-term
"""
_PREFIXES: Final = (
    ("systemd-", "system"),
    ("tmux:", "terminal"),
    ("sshd:", "system"),
    ("containerd-shim", "system"),
    ("gsd-", "desktop"),
    ("xdg-desktop-portal", "desktop"),
)


def _names() -> Mapping[str, str]:
    groups = {"system": _SYSTEM, "desktop": _DESKTOP, "terminal": _TERMINALS}
    found = {}
    for group, words in groups.items():
        for word in words.split():
            found[word] = group
            found[word[:15]] = group  # the kernel keeps no more of a name
    return found


NAMES: Final = _names()


def reason(row: ProcessRow) -> Say | None:
    """Return why a program must not be suspended, or None when its name gives no reason."""
    values: dict[str, Value] = {"name": row.name, "pid": row.pid}
    if row.pid == 1:
        return Say("{name} (process {pid}) started the system; everything hangs on it.", values)
    if row.is_kernel:
        return Say("{name} (process {pid}) is a part of the kernel.", values)
    group = NAMES.get(row.name) or next(
        (group for prefix, group in _PREFIXES if row.name.startswith(prefix)), ""
    )
    if group == "system":
        return Say("{name} (process {pid}) is a service that other programs need.", values)
    if group == "desktop":
        return Say("{name} (process {pid}) draws the desktop; the screen would freeze.", values)
    if group == "terminal":
        return Say("{name} (process {pid}) is a terminal with programs in it.", values)
    if is_shell_of_a_person(row):
        return Say("{name} (process {pid}) is a shell that somebody types into.", values)
    return None


def is_shell_of_a_person(row: ProcessRow) -> bool:
    """Say whether a process is a shell that leads its session or was started without a script."""
    words = row.command.split()
    name = row.name.lstrip("-")
    if name not in SHELLS and (not words or words[0].lstrip("-").rsplit("/", 1)[-1] not in SHELLS):
        return False
    if name == "busybox" and len(words) > 1 and words[1] not in SHELLS:
        return False
    if row.session == row.pid or row.command.startswith("-"):
        return True
    arguments = [word for word in words[1:] if word not in SHELLS]
    if any(_is_interactive(word) for word in arguments):
        return True
    return row.tty != 0 and all(word.startswith("-") and word != "-c" for word in arguments)


def _is_interactive(word: str) -> bool:
    return word in {"-i", "-l", "--login", "--interactive"} or (
        word.startswith("-") and not word.startswith("--") and "i" in word and "c" not in word
    )
