"""The edge: Kamailio as one public SIP port in front of the call workers. Our part is its configuration."""

from ivr.edge.kamailio import edge_command, find_kamailio, validate, write
from ivr.edge.probe import answers

__all__ = ["answers", "edge_command", "find_kamailio", "validate", "write"]
