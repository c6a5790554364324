"""What the README shows works."""

import re
from pathlib import Path

import pytest

from audit.testing import check_probe

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_probe_of_the_readme_keeps_the_contract():
    (code,) = [b for b in blocks("python") if "class Hesitation" in b]
    assert len(code.splitlines()) <= 48
    space = {"__name__": "readme"}
    exec(code, space)
    check_probe(space["Hesitation"])


def test_the_specification_of_the_readme_is_read(tmp_path):
    from audit import AuditSpec
    from audit.policy import requirements
    from audit.registry import catalogue

    (tmp_path / "audit.yaml").write_text(blocks("yaml")[0])
    spec = AuditSpec.from_file(tmp_path / "audit.yaml")
    found = [r.id for r in requirements(spec, catalogue().probes)]
    assert found == ["overall", "tpr-gap", "other-sites", "typing"]


@pytest.mark.parametrize("page", ["README.md", *(f"docs/{p.name}" for p in ROOT.glob("docs/*.md"))])
def test_every_link_of_a_page_leads_somewhere(page):
    path = ROOT / page
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        if "://" not in link:
            assert (path.parent / link).exists(), link
