"""A figure of which one bound is known is shown by that bound, as text and as a lane."""

import msgspec
import pytest

from audit.data import Slice
from audit.measurement import Unit
from audit.verdict import Comparison, Outcome, Verdict
from reports.rows import _bounded, _open_end, _reach
from reports.words import one_line


class Plain:
    def text(self, value):
        return f"{value:,.0f}"


def verdict(low, high):
    comparison = Comparison(
        measurement="m", slice=Slice(), against="", side="", label="", n=9, value=None,
        outcome=Outcome.PASSED, low=low, high=high, p_fail=1.0, p_fail_adjusted=1.0, p_pass=0.01,
        detectable=None, n_needed=None,
    )  # fmt: skip
    return Verdict(
        requirement="r", title="r", outcome=Outcome.PASSED, explanation="", unit=Unit.NUMBER,
        limit=1000.0, worst="m", comparisons=(comparison,),
    )  # fmt: skip


class Asked(msgspec.Struct):
    material: float | None = 500.0
    max: float | None = None


@pytest.mark.parametrize(
    ("ends", "asked", "said", "open_end", "reach"),
    [
        ((2250.0, None), Asked(), "> 2,250", "no upper limit", (2.5, None)),
        ((None, 500.0), Asked(), "< 500", "no lower limit", (None, -1.0)),
        ((2250.0, None), Asked(max=1.0), "> 2,250", "no upper limit", (None, -2.5)),
        ((2250.0, None), Asked(material=None), "> 2,250", "no upper limit", None),
        ((None, None), Asked(), "", "", None),
        ((1.0, 2.0), Asked(), "", "", None),
    ],
)
def test_one_bound_is_said_and_drawn(ends, asked, said, open_end, reach):
    v = verdict(*ends)
    assert (_bounded(v, Plain()), _open_end(v), _reach(v, asked)) == (said, open_end, reach)
    assert one_line(said) == said
