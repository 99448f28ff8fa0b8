"""How names stand in lists, and what is typed to find them."""

import unicodedata

from anyascii import anyascii


def sort_key(text: str) -> str:
    """Return the form that names are ordered and searched by: spelled in ASCII, lower case, spaces folded.

    Any script can be typed in its own letters or in ASCII: ``Té`` and ``te`` give the same key. At most 255 characters.
    """
    return folded(text)[:255]


def folded(text: str) -> str:
    """Return ``text`` of any length spelled in ASCII, lower case, spaces folded: the form that is searched."""
    return " ".join(anyascii(unicodedata.normalize("NFC", text)).lower().split())
