"""How many hidden states and attentions a network gives, where its configuration does not say just that."""

from __future__ import annotations

import copy
from typing import Any

from hfgen_runtime.compat import records
from hfgen_runtime.layers import as_configured, counts

from .measure import Measured


def unconfigured(measured: Measured) -> dict[str, int]:
    """States by the name of their output, as many as came; nothing of what is as the configuration says.

    Where it could also mean one less, as with layers of two kinds, the count is given too: a lost state must be seen.

    Attentions are asked of plain attention, which is the only one that has them: a copy is switched to it.
    """
    found: dict[str, int] = {}
    # A copy, for some networks give twice as many of the second kind that they are asked for.
    plain = copied(measured.network)
    for what, network in (("hidden_states", measured.network), ("attentions", plain)):
        if network is None or not records(network, what):
            continue
        try:
            if what == "attentions":
                network.set_attn_implementation("eager")
            asked = Measured(network, measured.call, measured.described, measured.sequence)
            outputs = asked.run({**asked.inputs(), f"output_{what}": True})
        except Exception:
            continue
        config = network.config
        given = counts(outputs, what).items()
        found |= {
            name: n for name, n in given if as_configured(config, what, n - 1) or not as_configured(config, what, n)
        }
    return found


def copied(network: Any) -> Any:
    """The same network once more; None where it keeps tensors that can't be copied."""
    try:
        return copy.deepcopy(network)
    except RuntimeError:
        return None
