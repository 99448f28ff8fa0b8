"""Short codes of the emoji that apps use most; the short code is read out as the picture's name."""

from markupsafe import Markup

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


def emoji(name: str, typed: str) -> Markup:
    """The picture with its name for those who don't see it; an unknown code stays as ``typed``."""
    picture = _COMMON.get(name)
    if picture is None:
        return Markup("{}").format(typed)
    words = name.replace("_", " ")
    return Markup('<span class="emoji" role="img" aria-label="{}" title=":{}:">{}</span>').format(words, name, picture)
