"""A telephone hotline robot for shops and food delivery; `docs/design.md` draws the house."""

__version__ = "0.1.0"
