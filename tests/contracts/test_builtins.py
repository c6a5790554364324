"""Every built-in keeps the contract that guests are held to."""

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from audit import registry
from audit.adapters.objects import wrap
from audit.adapters.options import ModelOptions
from audit.testing import check_model, check_probe, check_reporter, sample_result

PROBES = registry.catalogue().probes
REPORTERS = list(registry.listed("reporter"))


@pytest.mark.parametrize("name", list(PROBES))
def test_a_probe_keeps_its_contract(name):
    check_probe(PROBES[name])


@pytest.mark.parametrize("reporter", REPORTERS)
@pytest.mark.parametrize("probe", list(PROBES))
def test_a_reporter_keeps_its_contract_for_every_probe(reporter, probe):
    check_reporter(registry.reporter(reporter), sample_result(PROBES[probe]))


def test_no_built_in_is_broken():
    assert registry.catalogue().broken == {}


@pytest.mark.parametrize("kind", list(registry.GROUPS))
def test_every_entry_point_imports(kind):
    for name in registry.listed(kind):
        assert callable(registry.load(kind, name))


def test_models_in_memory_keep_their_contract():
    texts = [f"text {i}" for i in range(5)]
    function = wrap(lambda x: [[0.3, 0.7]] * len(x), ModelOptions(labels=("no", "yes")))
    check_model(function, texts)
    fitted = DummyClassifier(strategy="prior").fit(np.zeros((4, 1)), ["a", "b", "a", "b"])
    check_model(wrap(fitted, ModelOptions()), np.zeros((5, 1)))


def test_a_broken_guest_is_listed_with_its_reason_and_breaks_nothing(monkeypatch):
    from importlib.metadata import EntryPoint

    guest = EntryPoint("guest", "no_such_package.guest:Guest", "audit.probes")
    real = registry.listed
    monkeypatch.setattr(
        registry, "listed", lambda k: real(k) | ({"guest": guest} if k == "probe" else {})
    )
    known = registry.catalogue()
    assert set(known.probes) == set(PROBES)
    assert "no_such_package" in known.broken["guest"]
