"""Python's garbage collector in processes that handle thousands of mails a second."""

import gc

ALLOCATIONS = 20_000
"""Container objects between two looks at the youngest; Python's own 700 come with a handful of mails."""


def settle() -> None:
    """To be called once a process has started: what is loaded by then stays, and is not looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS, 20, 20)
