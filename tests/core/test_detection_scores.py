"""Detectors against pytorch-ood where it can be imported, and against independent readings."""

import importlib.abc
import importlib.machinery
import importlib.util
import sys
import types

import numpy as np
import pytest
from scipy.special import softmax
from scipy.stats import spearmanr
from sklearn.covariance import EmpiricalCovariance
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from audit.detection.scores import TITLES, Bank, View, fitted, principal


def world(d=24, classes=3, n=600, seed=0):
    """Return a bank of familiar rows, and foreign rows, as a network sees them."""
    rng = np.random.default_rng(seed)
    y, means = rng.integers(0, classes, n), rng.normal(size=(classes, d))
    spread = np.geomspace(1, 0.3, d)
    weights, bias = rng.normal(size=(classes, d)) / np.sqrt(d), rng.normal(size=classes)
    familiar = rng.normal(size=(n, d)) * spread + means[y]
    foreign = 1.2 * rng.normal(size=(300, d)) * spread + rng.normal(size=d)
    bank = Bank(View(None, familiar, familiar @ weights.T + bias), y, (weights, bias))
    return bank, View(None, foreign, foreign @ weights.T + bias)


def own(name, bank, view, k=50):
    return fitted(name, bank, k)(view)


def test_msp_orders_as_the_largest_probability_and_does_not_saturate():
    _, view = world()
    score = own("msp", Bank(View()), view)
    assert np.allclose(np.exp(-score), softmax(view.logits, axis=1).max(axis=1), atol=1e-14)
    sure = View(logits=np.array([[50.0, 0.0], [60.0, 0.0]]))
    assert np.diff(own("msp", Bank(View()), sure)) < 0
    given = View(outputs=softmax(view.logits, axis=1))
    assert np.allclose(own("msp", Bank(View()), given), score)


def test_energy_and_largest_logit_equal_their_formulas():
    bank, view = world()
    assert np.allclose(own("energy", bank, view), -np.log(np.exp(view.logits).sum(axis=1)))
    assert np.allclose(own("max-logit", bank, view), -view.logits.max(axis=1))


def test_the_distance_to_the_kth_neighbour_equals_scikit_learns():
    bank, view = world()
    known, new = (
        v.features / np.linalg.norm(v.features, axis=1)[:, None] for v in (bank.view, view)
    )
    far = NearestNeighbors(n_neighbors=50).fit(known).kneighbors(new)[0][:, -1]
    assert np.allclose(own("knn", bank, view), far, atol=1e-12)


def test_a_small_bank_is_searched_to_its_end():
    bank, view = world(n=20)
    assert np.allclose(own("knn", bank, view), own("knn", bank, view, k=20))


def test_relative_mahalanobis_equals_scikit_learns_covariances():
    bank, view = world()
    x, y, z = bank.view.features, bank.classes, view.features
    means = np.stack([x[y == c].mean(axis=0) for c in range(3)])
    shared = EmpiricalCovariance(assume_centered=True).fit(x - means[y])
    nearest = np.min([shared.mahalanobis(z - m) for m in means], axis=0)
    expected = nearest - EmpiricalCovariance().fit(x).mahalanobis(z)
    assert np.allclose(own("mahalanobis", bank, view), expected, atol=1e-9)


def test_vim_equals_a_literal_reading_by_principal_components():
    """Uncentred components: the rows and their mirror images have the mean 0."""
    bank, view = world()
    weights, bias = bank.head
    origin = -np.linalg.pinv(weights) @ bias
    moved = bank.view.features - origin
    components = PCA(n_components=12).fit(np.vstack([moved, -moved])).components_

    def residual(x):
        return np.linalg.norm(x - x @ components.T @ components, axis=1)

    alpha = bank.view.logits.max(axis=1).mean() / residual(moved).mean()
    virtual = alpha * residual(view.features - origin)
    expected = virtual - np.log(np.exp(view.logits).sum(axis=1))
    score = own("vim", bank, view)
    assert np.allclose(score, expected, atol=1e-9)
    probability = softmax(np.column_stack([view.logits, virtual]), axis=1)[:, -1]  # paper, eq. 8
    assert spearmanr(score, probability).statistic == pytest.approx(1.0)


@pytest.mark.parametrize("name", ["mahalanobis", "vim", "knn"])
def test_fewer_rows_than_features_give_finite_scores(name):
    bank, view = world(d=200, n=60)
    assert np.isfinite(own(name, bank, view)).all()


def test_the_principal_size_follows_the_paper_and_leaves_a_residual():
    assert [principal(d, 5000) for d in (2048, 1024, 768, 512, 3)] == [1000, 512, 512, 256, 1]
    assert principal(768, 100) == 50


@pytest.mark.parametrize("name", [n for n in TITLES if n != "msp"])
def test_what_the_model_does_not_offer_is_refused(name):
    with pytest.raises(ValueError, match=r"offer|last layer|labels"):
        own(name, Bank(View()), View(outputs=np.eye(2)))


class Stub(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Stands in for torchvision, which pytorch-ood imports for its data sets alone."""

    def find_spec(self, name, path, target=None):
        ours = name.split(".")[0] == "torchvision"
        return importlib.machinery.ModuleSpec(name, self, is_package=True) if ours else None

    def create_module(self, spec):
        return Anything(spec.name)

    def exec_module(self, module):
        pass


class Anything(types.ModuleType):
    """A module in which every name is an empty class."""

    __path__ = ()

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


@pytest.fixture
def theirs(monkeypatch):
    """Give pytorch-ood's detectors, in double precision; skip where it is not installed."""
    if importlib.util.find_spec("pytorch_ood") is None:
        pytest.skip("pytorch-ood is not installed")
    before = set(sys.modules)
    if importlib.util.find_spec("torchvision") is None:
        monkeypatch.setattr(sys, "meta_path", [Stub(), *sys.meta_path])
    import torch
    from pytorch_ood import detector

    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    yield detector
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("torchvision", "pytorch_ood"):
            del sys.modules[name]


@pytest.mark.parametrize(("d", "classes"), [(24, 3), (128, 5), (768, 2)])
def test_scores_equal_those_of_pytorch_ood(theirs, d, classes):
    import torch

    bank, view = world(d, classes, n=max(600, 2 * d))
    known, y = torch.tensor(bank.view.features), torch.tensor(bank.classes)
    new, logits = torch.tensor(view.features), torch.tensor(view.logits)
    weights, bias = (torch.tensor(p) for p in bank.head)
    knn = theirs.KNN(None, k=50).fit_features(known, y)
    vim = theirs.ViM(None, principal(d, len(y)), weights, bias).fit_features(known, y)
    expected = {
        "energy": theirs.EnergyBased(None).predict_logits(logits),
        "max-logit": theirs.MaxLogit(None).predict_logits(logits),
        "knn": knn.predict_features(new),
        "vim": vim.predict_features(new),
    }
    for name, score in expected.items():
        assert np.abs(own(name, bank, view) - score.numpy()).max() < 1e-9, name
