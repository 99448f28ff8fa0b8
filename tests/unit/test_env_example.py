""".env.example names every setting, once, with its default."""

import re
from pathlib import Path

import pytest

from bot.settings import Settings, load

EXAMPLE = Path(__file__).resolve().parent.parent.parent / ".env.example"
LINES = re.findall(r"^#?([A-Z]+_[A-Z_]+)=(.*)$", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def test_every_setting_is_named_once() -> None:
    assert sorted(name for name, _ in LINES) == sorted(field.alias or "" for field in Settings.model_fields.values())


def test_what_it_shows_are_the_defaults(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name, _ in LINES:
        monkeypatch.delenv(name, raising=False)
    defaults = load()
    assert load(**{name: value for name, value in LINES if value}) == defaults
    (tmp_path / ".env").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    assert load() == defaults


def test_every_setting_has_a_comment_above_it() -> None:
    blocks = EXAMPLE.read_text(encoding="utf-8").strip().split("\n\n")[1:]
    assert all(block.startswith("# ") for block in blocks)
