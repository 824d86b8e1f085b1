"""What tests of tasks share."""

from __future__ import annotations

import pytest

from nlprnn.models import bag_of_words


@pytest.fixture(autouse=True)
def _quick_baseline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bag of words is tested elsewhere: one setting, and no cross-validation over others."""
    monkeypatch.setattr(bag_of_words, "STRENGTHS", (0.1,))
    monkeypatch.setattr(bag_of_words, "INTERPOLATIONS", (1.0,))
    monkeypatch.setattr(bag_of_words, "FOLDS", 2)
