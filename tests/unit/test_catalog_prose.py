"""Descriptions in HTML and Markdown become readable text (SPEC 1; real ones from the APIs.guru directory, CC0)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalogs.prose import READ, readable


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("", ""),
        ("Plain words.", "Plain words."),
        ("<p>This is the <i>Firewall Manager</i>.</p><p>More</p>", "This is the Firewall Manager.\nMore"),
        ('See <a href="https://a.example">the guide</a>.', "See the guide."),
        ("<ul><li>one</li><li>two</li></ul>", "• one\n• two"),
        ("a<br/>b<BR>c", "a\nb\nc"),
        ("Send <your key> and 1 < 2 > 0", "Send <your key> and 1 < 2 > 0"),
        ("Tom &amp; Jerry &lt;b&gt;", "Tom & Jerry <b>"),
        ("a<script>alert(1)</script>b<!-- c -->d", "a b d"),
        ("read our **[Guide](https://a.example/x-(1))** first", "read our Guide first"),
        ("[Home](https://a.example) | [Mail](mailto:a@b.example)", "Home | Mail"),
        ("![logo](x.png) Tea", "logo Tea"),
        ("<https://a.example/x>", "https://a.example/x"),
        (
            "# Tea\nHot *and* __strong__, `kettle`\nby the cup\n## Milk ##\nno",
            "Tea\nHot and strong, kettle by the cup\nMilk\nno",
        ),
        ("They are:\n- one\n* two\n+ three", "They are:\n• one\n• two\n• three"),
        ("1. one\n2. two", "1. one\n2. two"),
        ("| Verb | Use |\n|------|-----|\n| GET | read |", "Verb – Use\nGET – read"),
        ("Title\n=====\nText\n\n---\nEnd", "Title\nText\nEnd"),
        ("```json\n{}\n```", "{}"),
        ("snake_case_name and 2*3*4", "snake_case_name and 2*3*4"),
        (r"5 \* 3", "5 * 3"),
        ("> said\r\n> twice", "said twice"),
    ],
)
def test_marks_vanish_and_words_stay(text: str, plain: str) -> None:
    assert readable(text) == plain


@pytest.mark.parametrize(
    "part",
    [
        "[",
        "*a",
        "`",
        "<a ",
        "|-",
        "![a](",
        "- ",
        "<",
        "_a_",
        "<script>",
        "#",
        " ",
        "<!--",
        "[[a]",
        "[a](",
        " \n",
        "- -",
    ],
)
def test_no_text_takes_long(part: str) -> None:
    assert len(readable(part * READ + "#")) <= READ * 2


@given(st.text(st.sampled_from("<>ab/*_`#[]()|-! \n&;\\")))
def test_lines_are_trimmed_and_never_empty(text: str) -> None:
    lines = readable(text).split("\n") if readable(text) else []
    assert all(line == line.strip() and line for line in lines)
    assert not any(re.search(r"\s\s", line) for line in lines)
