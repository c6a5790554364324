"""One pass over a network answers two questions: what it says, and how it sees its inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from audit.engine.altered import place
from audit.engine.encoded import Encoder
from audit.engine.engine import Answers, Engine, refused
from audit.engine.local import reason_of
from audit.engine.plan import EnginePlan
from audit.engine.progress import Progress
from audit.engine.store import Digests, Store
from audit.errors import AuditError
from audit.examples import Examples, FloatArray
from audit.model import Embeds, Inside, Model
from audit.observations import Observation
from audit.requests import Embed, Predict


@dataclass(frozen=True)
class Look:
    """What embeddings need.

    Attributes
    ----------
    asked : mapping of Embed to Predict
        Each request, and what it asks of the network from inside.
    plan : EnginePlan, optional
        None where no network is looked into.
    tables : mapping of Embed to (n, d) array
        Rows of tables, encoded: they need no model.
    """

    asked: Mapping[Embed, Predict] = field(default_factory=dict)
    plan: EnginePlan | None = None
    tables: Mapping[Embed, FloatArray] = field(default_factory=dict)
    lost: Mapping[Embed, Observation] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Estimated time; None where it was never measured."""
        return self.plan.seconds if self.plan is not None else 0.0

    @property
    def digests(self) -> Digests | None:
        """The inputs whose outputs this pass brings as well."""
        return None if self.plan is None else self.plan.inventory.digests


class Looker:
    """Answers `Embed` requests.

    Parameters
    ----------
    model : Model
    store : Store
    progress : Progress, optional
    """

    def __init__(self, model: Model, store: Store, progress: Progress | None = None) -> None:
        self.model = model
        self.store = store
        self.progress = progress
        self._inside: Inside | None = None

    def plan(self, requests: Sequence[Embed], examples: Mapping[str, Examples]) -> Look:
        """Cut what is asked into batches; nothing is done yet.

        Parameters
        ----------
        requests : sequence of Embed
        examples : mapping of str to Examples
            By split, and by the `place` of each request.
        """
        if not requests:
            return Look()
        if self._network() is None:
            return encoded(requests, examples)
        asked = {r: Predict(r.split, rows=r.rows) for r in requests}
        plan = self._engine().plan(list(asked.values()), examples)
        return Look(asked, plan)

    def time(self, look: Look, examples: Mapping[str, Examples]) -> Look:
        """Try the first batches where the network was never timed; what they answer is kept."""
        if look.plan is None or look.plan.seconds is not None:
            return look
        self._engine().time(look.plan)
        return Look(look.asked, self._engine().plan(look.plan.requests, examples))

    def run(self, look: Look) -> tuple[dict[Embed, Observation], Answers]:
        """Return the answers, and what was done for them."""
        network = self._network()
        if look.plan is None or network is None:
            tables = {r: Observation(features) for r, features in look.tables.items()}
            return {**tables, **look.lost}, Answers({})
        back = self._engine().run(look.plan)
        head, classes = network.head(), len(self.model.card.labels)
        answers = {
            request: Observation(
                back.answers[inner].outputs[:, classes:],
                back.answers[inner].failed,
                back.answers[inner].reason,
                logits=back.answers[inner].outputs[:, :classes],
                head=head,
            )
            for request, inner in look.asked.items()
        }
        return answers, back

    def share(self, look: Look, engine: Engine, plan: EnginePlan) -> None:
        """Give the audited model's plan the outputs that this pass brought, and keep them."""
        if look.plan is None:
            return
        logits = look.plan.ledger.outputs[:, : len(self.model.card.labels)]
        rows = plan.ledger.derive(look.plan.ledger, special.softmax(logits, axis=1))
        if len(rows):
            key = self.model.card.fingerprint
            ledger = plan.ledger
            engine.store.commit(key, plan.digest, ledger.digests[rows], ledger.outputs[rows])

    def _network(self) -> Inside | None:
        if self._inside is None and isinstance(self.model, Embeds) and self.model.card.labels:
            self._inside = self.model.inside()
        return self._inside

    def _engine(self) -> Engine:
        network = self._network()
        assert network is not None
        return Engine(network, self.store, self.progress)


def encoded(requests: Sequence[Embed], examples: Mapping[str, Examples]) -> Look:
    """Encode the rows of tables by what the test split holds; other inputs have no features."""
    tables: dict[Embed, FloatArray] = {}
    lost: dict[Embed, Observation] = {}
    reference = examples["test"]
    encoder: Encoder | None = None  # learned once for all requests
    for request in requests:
        rows = examples[place(request)]
        if rows.modality != "tabular" or reference.modality != "tabular":
            lost[request] = refused(rows, "the model has no features, and its inputs are no table")
            continue
        try:
            if encoder is None:
                encoder = Encoder.of(reference.inputs.take(np.arange(len(reference))))
            tables[request] = encoder.encode(rows.inputs.take(np.arange(len(rows))))
        except AuditError:
            raise
        except Exception as error:
            lost[request] = refused(rows, reason_of(error))
    return Look(tables=tables, lost=lost)
