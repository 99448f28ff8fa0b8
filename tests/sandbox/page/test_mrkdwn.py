"""Slack's mrkdwn on the page: formatted as Slack does, and never a way for a text to become markup."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.page.dates import Viewer
from bot.sandbox.page.mrkdwn import Reader, render_mrkdwn, render_plain
from bot.sandbox.page.rich_text import render_rich_text

AT = 1392734382.0  # 18 February 2014, 14:39:42 UTC: the moment of Slack's own examples
READER = Reader(
    Viewer("America/Los_Angeles", AT),
    {"U0ADA": "Ada Lovelace"}.get,
    {"C0GENERAL": "general"}.get,
    {"S0OPS": "ops"}.get,
)


def shown(text: str) -> str:
    return str(render_mrkdwn(text, READER))


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold*", "<strong>bold</strong>"),
        ("_italic_", "<em>italic</em>"),
        ("~gone~", "<del>gone</del>"),
        ("`code`", "<code>code</code>"),
        ("*bold _and italic_*", "<strong>bold <em>and italic</em></strong>"),
        ("a*b*c and snake_case_name", "a*b*c and snake_case_name"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("* not bold*", "* not bold*"),
        ("**", "**"),
        ("`*literal*`", "<code>*literal*</code>"),
        ("(*bold*), too", "(<strong>bold</strong>), too"),
        ("one\ntwo", "one<br>two"),
        ("*over\nlines*", "*over<br>lines*"),
        ("```\nx < y\n```", "<pre><code>x &lt; y</code></pre>"),
        ("> quoted\n> twice\nafter", "<blockquote>quoted<br>twice</blockquote>after"),
        ("&gt; quoted", "<blockquote>quoted</blockquote>"),
    ],
)
def test_text_is_formatted_as_slack_formats_it(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0ADA>", "@Ada Lovelace"),
        ("<@U0NOBODY|zoe>", "@zoe"),
        ("<@U0NOBODY>", "@U0NOBODY"),
        ("<#C0GENERAL>", "#general"),
        ("<!subteam^S0OPS>", "@ops"),
        ("<!here>", "@here"),
        ("<!channel|anything>", "@channel"),
    ],
)
def test_a_mention_stands_out_and_names_its_target(text: str, words: str) -> None:
    assert 'class="mention"' in shown(text)
    assert words in shown(text)


def test_a_link_shows_its_text_and_opens_elsewhere() -> None:
    html = shown("see <https://example.com/?a=1&amp;b=2|the *plan*>")
    assert '<a href="https://example.com/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer">the *plan*</a>' in html


def test_a_bare_address_becomes_a_link_unless_the_text_is_verbatim() -> None:
    assert shown("at https://example.com.").endswith("</a>.")
    assert "<a" not in render_mrkdwn("at https://example.com", READER, verbatim=True)


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<javascript:alert(1)|click>",
        "<data:text/html,x|click>",
        '<https://example.com/"onmouseover="x|y>',
        '*<img src=x onerror="x">*',
        "`<b>`",
        "```<b>```",
        "<@U1|<b>x</b>>",
        "<!date^1^{date}^javascript:x|<b>>",
        "<https://a|<img src=x>>",
        "&lt;img src=x&gt;",
        ":<b>:",
    ],
)
def test_a_hostile_text_never_becomes_markup(text: str) -> None:
    html = shown(text)
    for tag in ("<script", "<img", "<b>", 'href="javascript', 'href="data', '"onmouseover'):
        assert tag not in html


@given(st.text(alphabet="<>&|@#!*_~`:^{}\"' \nabU0", max_size=60))
def test_no_text_whatever_opens_a_tag_that_slack_does_not_have(text: str) -> None:
    known = {"strong", "em", "del", "code", "pre", "blockquote", "br", "a", "span", "time"}
    assert set(re.findall(r"<\/?([^\s>]*)", shown(text))) <= known


def test_entities_are_undone_once() -> None:
    assert shown("&amp;lt;b&amp;gt; &lt;b&gt; &nbsp;") == "&amp;lt;b&amp;gt; &lt;b&gt; &amp;nbsp;"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("{date_num} {time_secs}", "2014-02-18 6:39:42 AM"),
        ("{date} at {time}", "February 18th, 2014 at 6:39 AM"),
        ("{date_short}", "Feb 18, 2014"),
        ("{date_long}", "Tuesday, February 18th, 2014"),
        ("{date_short_pretty} at {time}", "today at 6:39 AM"),
        ("{ago}", "now"),
    ],
)
def test_a_date_is_shown_in_the_zone_of_whoever_reads(pattern: str, text: str) -> None:
    assert f">{text}</time>" in shown(f"<!date^1392734382^{pattern}|then>")


@pytest.mark.parametrize("broken", ["<!date^x^{date}|then>", "<!date^1392734382^{moon}|then>", "<!date^1e99|then>"])
def test_a_date_that_cannot_be_read_shows_its_fallback(broken: str) -> None:
    assert shown(broken) == "then"


def test_known_emoji_are_drawn_with_their_name_and_unknown_ones_stay_text() -> None:
    assert 'aria-label="white check mark"' in shown(":white_check_mark:")
    assert shown(":no_such_thing: 10:30:15") == ":no_such_thing: 10:30:15"


def test_plain_text_is_not_formatted() -> None:
    assert str(render_plain("*a* <!here>\n<b>")) == "*a* &lt;!here&gt;<br>&lt;b&gt;"


def test_rich_text_shows_foreign_text_letter_by_letter() -> None:
    section = {
        "type": "rich_text_section",
        "elements": [{"type": "text", "text": "<!channel> *x*", "style": {"bold": True}}],
    }
    html = str(render_rich_text({"elements": [section]}, READER))
    assert html == "<p><strong>&lt;!channel&gt; *x*</strong></p>"


def test_rich_text_has_lists_quotes_code_and_mentions() -> None:
    people = {"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ADA"}]}
    code = {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a\nb"}]}
    block = {"elements": [{"type": "rich_text_list", "style": "ordered", "elements": [people]}, code]}
    html = str(render_rich_text(block, READER))
    assert "<ol" in html and "@Ada Lovelace" in html and "<pre><code>a<br>b</code></pre>" in html


def test_many_opening_marks_cost_no_more_than_they_should() -> None:
    assert shown("*a " * 1000).count("*") == 1000
