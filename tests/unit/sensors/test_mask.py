"""Command lines are shown without the secrets in them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aios_desktop.sensors.mask import MAX_SHOWN, masked


@pytest.mark.parametrize(
    "arguments",
    [
        ["app", "--password", "SECRET"],
        ["app", "--password=SECRET"],
        ["app", "--db-password=SECRET"],
        ["app", "-password", "SECRET"],
        ["app", "--api-key", "SECRET"],
        ["app", "--apikey=SECRET"],
        ["app", "--auth-token=SECRET"],
        ["app", "--client_secret", "SECRET"],
        ["env", "AWS_SECRET_ACCESS_KEY=SECRET", "app"],
        ["env", "GITHUB_TOKEN=SECRET", "app"],
        ["mysql", "-pSECRET", "db"],
        ["/usr/bin/mysqldump", "-pSECRET"],
        ["psql", "postgres://me:SECRET@host/db"],
        ["curl", "-H", "Authorization: Bearer SECRETSECRET"],
        ["curl", "https://host/?token=SECRET&x=1"],
        ["sh", "-c", "PASSWORD=SECRET run"],
        ["sh", "-c", "curl --data 'password=SECRET'"],
        ["app", "/password:SECRET"],
        ["env", "SECRET_KEY_BASE=SECRET"],
        ["sshpass", "-p", "SECRET", "ssh", "host"],
        ["/usr/bin/curl", "-u", "me:SECRET", "https://host"],
        ["curl", "--user=me:SECRET"],
    ],
)
def test_secrets_are_hidden(arguments: list[str]) -> None:
    shown = masked(arguments)
    assert "SECRET" not in shown.replace("AWS_SECRET_ACCESS_KEY", "").replace("SECRET_KEY", "")
    assert "***" in shown


@pytest.mark.parametrize(
    "token",
    [
        "sk-abcdefgh12345678",
        "ghp_0123456789abcdef",
        "xoxb-123456789-abc",
        "AKIAABCDEFGHIJKLMNOP",
        "glpat-abcdefghij",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2lnbmF0dXJl",
        "github_pat_11AAAAAAA0",
    ],
)
def test_well_known_tokens_are_hidden_anywhere(token: str) -> None:
    assert token not in masked(["app", token])
    assert token not in masked(["app", f"--x={token}"])


@pytest.mark.parametrize(
    "arguments",
    [
        ["python", "hog.py", "--workers", "4"],
        ["/usr/bin/bash", "build.sh"],
        ["make", "-j8", "CC=gcc"],
        ["ssh", "me@host", "-p", "22"],
        ["git", "clone", "https://example.org/a.git"],
        ["passwd", "me"],
        ["git", "log", "--author=me", "--tokenizer=x"],
        ["curl", "-u", "me", "https://host"],
        ["mkdir", "-p", "x"],
    ],
)
def test_ordinary_command_lines_stay_as_they_are(arguments: list[str]) -> None:
    assert masked(arguments) == " ".join(arguments)


def test_what_is_shown_is_short_and_printable() -> None:
    assert masked(["app", "x" * 10_000]) == "app " + "x" * 295 + "…"
    assert masked(["app", "a\nb\x1b[31m"]) == "app a b [31m"


@given(st.lists(st.text(max_size=400), max_size=30))
def test_any_command_line_is_masked_quickly_and_briefly(arguments: list[str]) -> None:
    shown = masked(arguments)
    assert len(shown) <= MAX_SHOWN
    assert shown == "" or shown.isprintable()
