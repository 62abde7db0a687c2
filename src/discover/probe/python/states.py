"""How many hidden states and attentions a network gives, where its configuration does not say so."""

from __future__ import annotations

from hfgen_runtime.compat import records
from hfgen_runtime.layers import as_configured, counts

from .measure import Measured


def unconfigured(measured: Measured) -> dict[str, int]:
    """States by the name of their output, as many as came; nothing of what is as the configuration says.

    Attentions are asked of plain attention, which is the only one that has them: the network is switched to it.
    """
    found: dict[str, int] = {}
    for what in ("hidden_states", "attentions"):
        if not records(measured.network, what):
            continue
        try:
            if what == "attentions":
                measured.network.set_attn_implementation("eager")
            outputs = measured.run({**measured.inputs(), f"output_{what}": True})
        except Exception:
            continue
        config = measured.network.config
        found |= {name: n for name, n in counts(outputs, what).items() if not as_configured(config, what, n)}
    return found
