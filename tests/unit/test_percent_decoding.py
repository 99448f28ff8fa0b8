"""The fast decoding of forms is urllib's, byte for byte."""

from pathlib import Path
from urllib.parse import quote, quote_plus, unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.edge import percent_decoded

PAYLOADS = Path(__file__).parents[1] / "payloads"


def by_urllib(value: bytes) -> bytes:
    return unquote_to_bytes(value.replace(b"+", b" "))


@given(st.binary())
@example(b"%")
@example(b"%%41")
@example(b"%4")
@example(b"a%\r\nb%41")
@example(b"%41\n")
@example(b"%=41%41")
@example(b"=\r\n%20")
@example(b"%e2%9c%93+%2B")
def test_any_bytes_decode_as_urllib_decodes_them(value: bytes) -> None:
    assert percent_decoded(value) == by_urllib(value)


@given(st.text(alphabet="%=+\r\n 0aFfgG&\t_.", max_size=40))
def test_the_letters_that_matter_decode_as_urllib_decodes_them(text: str) -> None:
    assert percent_decoded(text.encode()) == by_urllib(text.encode())


@given(st.text())
def test_what_was_encoded_comes_back(text: str) -> None:
    assert (
        percent_decoded(quote_plus(text, errors="replace").encode()).decode() == text.encode(errors="replace").decode()
    )
    assert percent_decoded(quote(text, safe="", errors="replace").encode()) == text.encode(errors="replace")


@pytest.mark.parametrize("path", sorted(PAYLOADS.glob("*.json")), ids=lambda path: path.stem)
def test_every_recorded_payload_comes_back(path: Path) -> None:
    raw = path.read_bytes()
    assert percent_decoded(quote_plus(raw).encode()) == raw
