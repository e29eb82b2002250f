"""A shop's own order system behind a REST interface: asked over HTTP, mirrored into our tables, decided upon here."""

from order_lookup.backend.mapping import Mapping, load_mapping
from order_lookup.backend.system import HttpOrderSystem

__all__ = ["HttpOrderSystem", "Mapping", "load_mapping"]
