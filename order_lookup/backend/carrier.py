"""Carries actions out at the shop's backend."""

from __future__ import annotations

from typing import Any

from order_lookup.backend.client import BackendClient
from order_lookup.backend.contract import ActionSaid
from order_lookup.backend.mapping import Mapping
from order_lookup.backend.reading import read_as
from order_lookup.carrier import Carried, Declined, InHouse, Job
from order_lookup.errors import BrokenError, DownError
from order_lookup.words import Action

# What leaves a ticket or a callback, and so a human who does it.
OURS = frozenset({Action.OPEN_TICKET, Action.BOOK_CALLBACK, Action.EXCHANGE})


class BackendCarrier:
    """Carries actions out at the backend, under the ledger's key."""

    def __init__(self, mapping: Mapping, client: BackendClient) -> None:
        self._mapping, self._client, self._here = mapping, client, InHouse()

    async def carry(self, job: Job) -> Carried | Declined:
        """Ask the backend to do it; DownError leaves it unknown."""
        if job.action in OURS and job.action not in self._mapping.actions:
            return await self._here.carry(job)
        if job.action not in self._mapping.actions:  # done in our tables alone it would be done nowhere
            return Declined(f"the backend doesn't carry {job.action.value}: see `actions` of the mapping")
        body: dict[str, Any] = {"action": job.action.value, "details": dict(job.details)}
        if job.amount is not None:
            body |= {"amount_minor": job.amount.minor_units, "currency": job.amount.currency}
        try:
            said = await self._client.post(self._path(job), body, job.key)
            answer = read_as(ActionSaid, self._mapping.translate("action", said)) if said is not None else None
        except BrokenError as error:  # it may have been done: nobody can tell from such an answer
            raise DownError(str(error)) from error
        if answer is None:
            return Declined("the backend doesn't know this order or action")
        if answer.state == "pending":
            raise DownError("the backend is still at it")
        return Carried(answer.receipt) if answer.state == "done" else Declined(answer.reason or "declined")

    def _path(self, job: Job) -> str:
        if job.order_number is None:
            return self._mapping.path("account_action", phone=job.details.get("phone_of_caller", ""))
        return self._mapping.path("action", number=job.order_number)
