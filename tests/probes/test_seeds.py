import statistics

import pytest

from nlprnn.probes.recency import probe_agreement
from nlprnn.probes.seeds import spread
from nlprnn.probes.suite import MinimalPair, Suite

from .fake_scorers import agreement_suite, nearest_noun, oracle


def test_mean_and_deviation_are_those_of_a_sample():
    reports = [probe_agreement(scorer, agreement_suite()) for scorer in (oracle(), nearest_noun(), oracle())]
    found = spread(reports)
    accuracies = [1.0, 10 / 18, 1.0]
    assert found["models"] == 3 and found["name"] == "hand"
    assert found["accuracy"]["mean"] == pytest.approx(statistics.mean(accuracies))
    assert found["accuracy"]["deviation"] == pytest.approx(statistics.stdev(accuracies))
    assert found["conflict"]["mean"] == pytest.approx(2 / 3) and found["recency_index"]["mean"] == pytest.approx(1 / 3)


def test_a_figure_that_one_report_lacks_is_told_of_none():
    bare = Suite("bare", lambda: iter([MinimalPair("the writer is", "the writer are")]))
    found = spread([probe_agreement(oracle(), suite) for suite in (bare, agreement_suite())])
    assert found["accuracy"] is not None and found["conflict"] is None and found["recency_index"] is None
