"""The table of verdicts is made once: what one worker has found, the next one reads."""

from __future__ import annotations

from embedding_second_opinion.catalogue import registry
from embedding_second_opinion.samples.planted import FLAWS, HEALTHY, NAMED_BY
from tests import verdicts


def test_a_finding_is_made_once_and_read_as_it_was(tmp_path, monkeypatch):
    monkeypatch.setattr(verdicts, "folder", tmp_path)
    made = verdicts.found.__wrapped__("healthy", "retrieval")
    assert [path.name for path in tmp_path.iterdir()] == ["healthy-retrieval-0.json"]
    monkeypatch.setattr(verdicts, "judged", None)  # nobody is asked again
    assert verdicts.found.__wrapped__("healthy", "retrieval") == made


def test_the_table_holds_every_set_every_diagnostic_and_every_flaw_with_its_own():
    assert {name for name, _ in verdicts.PAIRS} == {*HEALTHY, *FLAWS}
    assert {code for _, code in verdicts.PAIRS} == set(registry.codes())
    assert set(NAMED_BY.items()) <= set(verdicts.PAIRS)
    assert set(verdicts.MAPPED) <= {*HEALTHY, *FLAWS}
