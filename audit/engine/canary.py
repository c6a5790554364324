"""Are stored predictions still this model's? Asked where they come from another plan."""

from __future__ import annotations

import numpy as np

from audit.engine.ledger import REUSED
from audit.engine.local import LocalExecutor, reason_of
from audit.engine.plan import cut
from audit.errors import AuditError
from audit.examples import IntArray

INPUTS = 16
TOLERANCE = 1e-4  # batches of other sizes move an output by up to 1e-6; another model by far more


def check(executor: LocalExecutor) -> str:
    """Predict a few reused inputs again, and drop the model's store if they differ.

    Returns
    -------
    str
        A warning, or nothing.
    """
    plan = executor.plan
    foreign = np.flatnonzero((plan.ledger.state == REUSED) & (plan.ledger.plans != plan.digest))
    if not len(foreign):
        return ""
    spread = np.unique(np.linspace(0, len(foreign) - 1, INPUTS).astype(np.int64))
    try:
        change = difference(executor, foreign[spread])
    except AuditError:
        raise
    except Exception as error:
        return f"stored predictions could not be checked ({reason_of(error)}); they are used"
    if change <= TOLERANCE:
        return ""
    executor.store.drop(executor.model.card.fingerprint)
    reused = len(foreign)
    plan.ledger.forget_reused()
    return (
        f"the model no longer gives its stored predictions (they differ by {change:.2g}): "
        f"{reused:,} of them are dropped and predicted again"
    )


def difference(executor: LocalExecutor, rows: IntArray) -> float:
    """Return the largest difference of stored and new outputs; infinite if one is no number."""
    plan = executor.plan
    worst = 0.0
    for batch in cut(rows, plan.sizes, plan.limit):
        stored = plan.ledger.outputs[batch]
        gap = np.abs(executor.predict(batch) - stored) / np.maximum(1.0, np.abs(stored))
        worst = max(worst, float(gap.max()) if np.isfinite(gap).all() else np.inf)
    return worst
