"""Sentences follow from the numbers, and turn where they turn."""

from __future__ import annotations

import copy

from nlprnn.reports.diagnosis_words import fate, words
from tests.reports.diagnosis_sample import SAMPLE, curve

TOLD = words(SAMPLE)


def test_a_gradient_vanishes_explodes_or_neither_by_what_is_left_of_it() -> None:
    assert fate(curve("gru", "1", [1.0, 0.1, 0.009])) == "vanishes"
    assert fate(curve("gru", "1", [1.0, 5.0, 101.0])) == "explodes"
    assert fate(curve("gru", "1", [2.0, 2.0, 0.1])) == "neither vanishes nor explodes"


def test_each_state_is_told_with_the_gains_at_which_its_gradient_vanished_or_exploded() -> None:
    assert "rnn-tanh: vanishes (1.0·10⁻⁸ at gain 0.5); explodes (1.0·10⁶ at gain 3)." in TOLD["gains"]
    assert "lstm h: neither vanishes nor explodes (0.25 at gain 0.5 to 1 at gain 3)." in TOLD["gains"]


def test_cells_are_ranked_by_what_they_reached_whichever_it_is() -> None:
    assert TOLD["recall"][0].endswith("lstm-chrono 12.5 [5, 20], lstm 5, rnn-tanh 0.")
    turned = copy.deepcopy(SAMPLE)
    turned["recall"]["reached"][2].update(longest=[20, 20], median=20.0)
    assert words(turned)["recall"][0].endswith("rnn-tanh 20, lstm-chrono 12.5 [5, 20], lstm 5.")
    assert "With chrono initialisation lstm reaches 12.5 where it is 5 without." in TOLD["recall"]


def test_measures_are_told_one_by_one_and_together() -> None:
    changes = [sentence.split(":")[0] for sentence in TOLD["measures"][1:]]
    assert changes[0] == "As it is" and changes[-1] == "With all three" and len(changes) == 5
    assert "right 50 % [25 %, 75 %], gradient exploded at 2.0 % [1.0 %, 3.0 %] of the updates" in TOLD["measures"][1]


def test_networks_that_did_not_learn_are_named() -> None:
    assert "all but rnn-tanh had learnt" in TOLD["learnt"][1]
    assert "rnn-tanh 0.1 and 0.5, lstm c 0.2 and 0.8" in TOLD["learnt"][0]
    assert TOLD["learnt"][2].endswith("lstm 0 % and 60 %.")


def test_a_model_is_told_where_its_gradient_and_its_context_end() -> None:
    assert TOLD["reach"][0].startswith("Layer 1, h: one step back multiplies the gradient with 0.032")
    assert "Most saturated gate: f of layer 1, 10 % shut and 70 % open" in TOLD["saturation"][0]
    assert "from 200 tokens on where the rest is forgotten, from 20 where the rest is shuffled" in TOLD["context"][0]
