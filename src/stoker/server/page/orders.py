"""What an operator may order of a machine: a request and a View go in, first a question comes out, then the order.

Every order is asked back on a document of its own: it says what will happen, and works without scripts.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from stoker.machines import Sign, State, step


class Order(NamedTuple):
    """An order: the word of its address, what its button says, what it does; `is_grave` is what cannot be undone."""

    word: str
    sign: Sign
    title: str
    meaning: str
    is_grave: bool = False


ORDERS: Final = {
    order.word: order
    for order in (
        Order(
            "reprovision",
            Sign.REPROVISION,
            "Reprovision",
            "Arms one install: when it boots from the network the next time, it is installed anew, and what its config "
            "wipes is lost. It does not restart it.",
            is_grave=True,
        ),
        Order(
            "release",
            Sign.RELEASE,
            "Release",
            "Lets it go on: its failures are forgotten, and at its next network boot it is given what its group says.",
        ),
        Order(
            "retire",
            Sign.RETIRE,
            "Retire",
            "Takes it out of service: it is given nothing any more until it is released.",
            is_grave=True,
        ),
        Order(
            "forget",
            Sign.FORGET,
            "Forget",
            "Removes its record: labels, receipts and timeline. If it calls again, it is a new machine.",
            is_grave=True,
        ),
    )
}


def possible_orders(state: State) -> list[Order]:
    """What may be ordered of a machine in that state."""
    return [order for order in ORDERS.values() if not step(state, order.sign).refusal]
