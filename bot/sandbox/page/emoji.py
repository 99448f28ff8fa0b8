"""Emoji: short codes of those that apps use most, and own drawings of the commonest.

A machine without an emoji font shows empty boxes; the drawn ones look the same everywhere. The character itself stays
in the text, for copying and for whoever listens.
"""

import re

from markupsafe import Markup, escape

_COMMON = {
    "white_check_mark": "✅", "heavy_check_mark": "✔️", "ballot_box_with_check": "☑️", "x": "❌",
    "no_entry": "⛔", "no_entry_sign": "🚫", "warning": "⚠️", "rotating_light": "🚨", "information_source": "ℹ️",
    "question": "❓", "grey_question": "❔", "exclamation": "❗", "bangbang": "‼️", "bell": "🔔", "no_bell": "🔕",
    "hourglass": "⌛", "hourglass_flowing_sand": "⏳", "stopwatch": "⏱️", "alarm_clock": "⏰", "clock1": "🕐",
    "calendar": "📆", "date": "📅", "spiral_calendar_pad": "🗓️", "lock": "🔒", "unlock": "🔓", "key": "🔑",
    "closed_lock_with_key": "🔐", "shield": "🛡️", "link": "🔗", "paperclip": "📎", "pushpin": "📌", "bookmark": "🔖",
    "label": "🏷️", "memo": "📝", "pencil": "📝", "pencil2": "✏️", "clipboard": "📋", "page_facing_up": "📄",
    "bookmark_tabs": "📑", "books": "📚", "book": "📖", "open_book": "📖", "newspaper": "📰", "package": "📦",
    "inbox_tray": "📥", "outbox_tray": "📤", "mailbox": "📫", "email": "✉️", "envelope": "✉️", "incoming_envelope": "📨",
    "speech_balloon": "💬", "thought_balloon": "💭", "bulb": "💡", "mag": "🔍", "mag_right": "🔎", "gear": "⚙️",
    "wrench": "🔧", "hammer": "🔨", "hammer_and_wrench": "🛠️", "toolbox": "🧰", "electric_plug": "🔌", "zap": "⚡",
    "rocket": "🚀", "sparkles": "✨", "star": "⭐", "star2": "🌟", "fire": "🔥", "tada": "🎉", "confetti_ball": "🎊",
    "trophy": "🏆", "medal": "🏅", "chart_with_upwards_trend": "📈", "chart_with_downwards_trend": "📉",
    "bar_chart": "📊", "moneybag": "💰", "credit_card": "💳", "office": "🏢", "house": "🏠",
    "globe_with_meridians": "🌐",
    "earth_africa": "🌍", "bust_in_silhouette": "👤", "busts_in_silhouette": "👥", "wave": "👋", "+1": "👍",
    "thumbsup": "👍", "-1": "👎", "thumbsdown": "👎", "ok_hand": "👌", "clap": "👏", "raised_hands": "🙌", "pray": "🙏",
    "point_right": "👉", "point_left": "👈", "point_up": "☝️", "point_down": "👇", "eyes": "👀", "smile": "😄",
    "smiley": "😃", "slightly_smiling_face": "🙂", "wink": "😉", "thinking_face": "🤔", "cry": "😢", "heart": "❤️",
    "robot_face": "🤖", "construction": "🚧", "wastebasket": "🗑️", "recycle": "♻️", "repeat": "🔁",
    "arrows_counterclockwise": "🔄", "arrow_right": "➡️", "arrow_left": "⬅️", "arrow_up": "⬆️", "arrow_down": "⬇️",
    "leftwards_arrow_with_hook": "↩️", "arrow_forward": "▶️", "black_square_for_stop": "⏹️", "double_vertical_bar": "⏸️",
    "red_circle": "🔴", "large_yellow_circle": "🟡", "large_green_circle": "🟢", "large_blue_circle": "🔵",
    "large_orange_circle": "🟠", "white_circle": "⚪", "black_circle": "⚫", "small_blue_diamond": "🔹", "new": "🆕",
    "ok": "🆗", "up": "🆙", "heavy_plus_sign": "➕", "heavy_minus_sign": "➖", "castle": "🏰", "european_castle": "🏰",
    "door": "🚪", "crossed_swords": "⚔️", "ticket": "🎫", "test_tube": "🧪", "bug": "🐛", "seedling": "🌱",
    "checkered_flag": "🏁", "triangular_flag_on_post": "🚩", "scroll": "📜", "stamp": "🔏", "snowflake": "❄️",
}  # fmt: skip


_DRAWN = {
    "✅": "check", "☑": "check", "❌": "cross", "⚠": "warning", "⏳": "hourglass", "⌛": "hourglass", "🔔": "bell",
    "🔑": "key", "🔒": "lock", "ℹ": "info", "🎉": "party", "👀": "eyes", "📝": "memo", "👍": "thumb",
}  # fmt: skip
"""Pictures in ``static/emoji``, by character without its variation selector."""

_PICTURE = re.compile(f"([{''.join(_DRAWN)}])\ufe0f?")


def pictured(text: str) -> Markup:
    """A text as HTML, with the emoji we have drawings of drawn."""
    out = Markup("")
    end = 0
    for found in _PICTURE.finditer(text):
        out += escape(text[end : found.start()]) + _drawing(found[0], found[1])
        end = found.end()
    return out + escape(text[end:])


def _drawing(typed: str, picture: str) -> Markup:
    return Markup('<span class="drawn drawn-{}">{}</span>').format(_DRAWN[picture], typed)


def emoji(name: str, typed: str) -> Markup:
    """The picture with its name for those who don't see it; an unknown code stays as ``typed``."""
    picture = _COMMON.get(name)
    if picture is None:
        return Markup("{}").format(typed)
    words = name.replace("_", " ")
    shown = pictured(picture)
    return Markup('<span class="emoji" role="img" aria-label="{}" title=":{}:">{}</span>').format(words, name, shown)
