"""What is in distribution, and what is not."""

import dataclasses

import numpy as np
import pytest

from audit.domains import HOME, DomainRules, check_domains, domains_of
from audit.errors import AuditError, NotApplicable
from audit.samples import RULES, reorder, sample_examples

TEST = sample_examples()
LATER = dataclasses.replace(sample_examples(90, 3, split="later"), domain="")


def test_a_domain_column_splits_home_from_elsewhere():
    home, *others = domains_of({"test": TEST}, RULES)
    assert (home.name, home.home, [d.name for d in others]) == (HOME, True, ["away", "far"])
    assert sorted(np.concatenate([d.rows for d in (home, *others)])) == list(range(len(TEST)))
    assert str(others[0].slice) == "source=away"


def test_values_that_are_in_distribution_are_pooled():
    rules = DomainRules(in_distribution=("home", "far"))
    home, away = domains_of({"test": TEST}, rules)
    assert len(home) == len(TEST) - len(away)


def test_a_further_split_is_a_domain():
    plain = dataclasses.replace(TEST, domain="")
    rules = DomainRules(splits=("later",))
    home, later = domains_of({"test": plain, "later": LATER}, rules)
    assert (len(home), later.name, later.split, later.home) == (len(TEST), "later", "later", False)


def test_a_further_split_with_its_own_column_is_cut_by_it():
    cut = dataclasses.replace(LATER, domain="source")
    found = domains_of(
        {"test": TEST, "later": cut}, DomainRules(in_distribution=("home",), splits=("later",))
    )
    assert [d.name for d in found[3:]] == ["later: away", "later: far", "later: home"]


def test_the_order_of_rows_changes_no_domain():
    order = np.random.default_rng(0).permutation(len(TEST))
    moved = reorder(TEST, order)
    for a, b in zip(
        domains_of({"test": TEST}, RULES), domains_of({"test": moved}, RULES), strict=True
    ):
        assert a.name == b.name
        assert set(TEST.ids[a.rows]) == set(moved.ids[b.rows])


@pytest.mark.parametrize(
    ("test", "rules", "said"),
    [
        (TEST, DomainRules(), "in distribution"),
        (dataclasses.replace(TEST, domain=""), DomainRules(), "one domain only"),
    ],
)
def test_without_two_domains_the_reason_says_what_to_name(test, rules, said):
    with pytest.raises(NotApplicable, match=said):
        domains_of({"test": test}, rules)


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        (DomainRules(splits=("latr",)), "latr"),
        (DomainRules(splits=("test",)), "no split of data.more"),
        (DomainRules(in_distribution=("hom",)), '"source" = "hom"'),
    ],
)
def test_rules_that_name_nothing_are_refused(rules, said):
    with pytest.raises(AuditError, match=said) as caught:
        check_domains(rules, {"test": TEST, "later": LATER})
    assert caught.value.exit_code == 2
    assert caught.value.hint


def test_values_without_a_domain_column_are_refused():
    with pytest.raises(AuditError, match="needs a domain column"):
        check_domains(RULES, {"test": dataclasses.replace(TEST, domain="")})
