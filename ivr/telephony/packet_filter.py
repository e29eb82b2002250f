"""Strangers are turned away by the kernel: a classic BPF program on the SIP sockets lets through allowed sources only.

pjsip gives an INVITE one of its four slots before anybody is asked, and answers OPTIONS to whoever sends it. With the filter
a stranger's packets never reach it, and its TCP connections never open: no answer, nothing for a scanner to find. Where the
filter can't be had (not Linux, very many networks) strangers get 403 by `admission` instead.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import sys
from collections.abc import Sequence
from ipaddress import IPv4Network
from pathlib import Path

import structlog

from ivr.telephony.admission import Network

log = structlog.get_logger(__name__)

# linux/filter.h, linux/bpf_common.h: one instruction is code, jump if true, jump if false, constant.
LOAD_WORD, AND, JUMP_IF_EQUAL, RETURN = 0x20, 0x54, 0x15, 0x06
NETWORK_HEADER = 0xFFF00000  # SKF_NET_OFF: offsets from here count from the IP header
SOURCE_ADDRESS = NETWORK_HEADER + 12
SO_ATTACH_FILTER = 26
LONGEST_JUMP = 255


def program(allowed: Sequence[Network]) -> bytes | None:
    """The filter as machine code; None when there are more networks than one jump reaches over."""
    networks = [network for network in allowed if isinstance(network, IPv4Network)]
    if len(networks) * 3 > LONGEST_JUMP:
        return None
    code = []
    for index, network in enumerate(networks):
        accept = (len(networks) - index - 1) * 3 + 1
        code.append((LOAD_WORD, 0, 0, SOURCE_ADDRESS))
        code.append((AND, 0, 0, int(network.netmask)))
        code.append((JUMP_IF_EQUAL, accept, 0, int(network.network_address)))
    code += [(RETURN, 0, 0, 0), (RETURN, 0, 0, 0xFFFFFFFF)]
    return b"".join(struct.pack("=HBBI", *step) for step in code)


def install(port: int, allowed: Sequence[Network]) -> bool:
    """Put the filter on this process's sockets that are bound to a port; False where it can't be had."""
    code = program(allowed)
    if sys.platform != "linux" or code is None:
        log.warning("no packet filter here: strangers are answered 403")
        return False
    kept = ctypes.create_string_buffer(code, len(code))
    request = struct.pack("HP", len(code) // 8, ctypes.addressof(kept))
    found = 0
    for entry in os.listdir("/proc/self/fd"):
        found += _attach(int(entry), port, request)
    if not found:
        log.warning("no socket to filter: strangers are answered 403", port=port)
    return found > 0


def _attach(descriptor: int, port: int, request: bytes) -> bool:
    try:
        if not os.readlink(f"/proc/self/fd/{descriptor}").startswith("socket:"):
            return False
        with socket.socket(fileno=os.dup(descriptor)) as own:
            if own.family != socket.AF_INET or own.getsockname()[1] != port:
                return False
            own.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, request)
            return True
    except OSError as fault:
        if Path(f"/proc/self/fd/{descriptor}").exists():
            log.debug("socket not filtered", descriptor=descriptor, fault=str(fault))
        return False
