"""The demo's catalog: real APIs under their real, untidy names (see README.md beside this file)."""

from pathlib import Path

CATALOG = Path(__file__).with_name("catalog.json")
"""A catalog file (INTERFACE 4), made by ``bot/samples/build.py``."""
