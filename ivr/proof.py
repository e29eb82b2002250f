"""`ivr part proof`: what a person can have got wrong in dialplans, prompts, policies and telephone, proved before a table is touched.

An upgrade that fails here has changed nothing: the old program can be started again as it was. Models and voices are proved
by the processes that use them, which know no database, and are started beside this one.
"""

from __future__ import annotations

from ivr.config import Settings
from ivr.dialogue.library import DialplanLibrary
from ivr.orders import check_orders
from ivr.telephony.engine import check_telephone


def run(settings: Settings) -> None:
    """Raises UserError with what doesn't hold."""
    check_orders(settings)
    check_telephone(settings.sip)
    DialplanLibrary(settings)
