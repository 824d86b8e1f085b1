"""Beam search against enumeration, against a search with plain lists, and against figures worked out by hand."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

from nlprnn.config.decoding import Sampling, Search
from nlprnn.config.language_model import LanguageModelConfig
from nlprnn.errors import ConfigError
from nlprnn.inference.beam import Hypothesis, search, select
from nlprnn.inference.decoding import sample
from nlprnn.models.language_model import LanguageModel
from nlprnn.text.batching import Batch

EOS = 0


def drawn(seed: int, sources: int = 1, types: int = 4) -> Tensor:
    """Log-probabilities (S, V, V, V) of the next token given the last two, other ones for each source."""
    table = torch.rand(sources, types, types, types, generator=torch.Generator().manual_seed(seed)).pow(3) + 0.01
    return (table / table.sum(-1, keepdim=True)).log()


class Trigrams:
    """Each source has its own table, of which the state knows nothing but the source's number, to check it."""

    def __init__(self, tables: Tensor, numbers: Tensor | None = None, rows: list[int] | None = None) -> None:
        self.tables = tables
        self.numbers = torch.arange(len(tables)) if numbers is None else numbers
        self.rows: list[int] = [] if rows is None else rows  # in each step

    def start(self, batch: int):
        assert batch == len(self.tables)
        return torch.zeros(batch, dtype=torch.long), ((self.numbers,),)

    def step(self, ids, state):
        before, ((numbers,),) = state
        source = torch.arange(len(ids)) // (len(ids) // len(self.tables))
        assert torch.equal(numbers, self.numbers[source])
        self.rows.append(len(ids))
        return self.tables[source, before, ids], (ids, ((numbers,),))

    def keep(self, sources):
        return Trigrams(self.tables[sources], self.numbers[sources], self.rows)

    def coverage(self, state):
        return None


class Markov:
    """The next token depends on the last alone; no more than `start` and `step`."""

    def __init__(self, probabilities: dict[int, Sequence[float]]) -> None:
        types = len(probabilities[EOS])
        self.table = torch.tensor([list(probabilities.get(i, [1.0] + [0.0] * (types - 1))) for i in range(types)]).log()

    def start(self, batch: int):
        return ()

    def step(self, ids, state):
        return self.table[ids], ()


class Attending(Markov):
    """Looks at two source positions, how much at each depending on the token just read."""

    LOOKS = torch.tensor([[0.5, 0.5], [0.0, 1.0], [0.9, 0.1], [0.2, 0.8]])

    def start(self, batch: int):
        return (torch.zeros(batch, 2),)

    def step(self, ids, state):
        return self.table[ids], (state[0] + self.LOOKS[ids],)

    def keep(self, sources):
        return self

    def coverage(self, state):
        return state[0].clamp(max=1).log().sum(1)


def log_prob(table: Tensor, tokens: Sequence[int]) -> float:
    history = [EOS, EOS, *tokens]
    return sum((float(table[tuple(history[i : i + 3])]) for i in range(len(tokens))), 0.0)


def everything(table: Tensor, most: int, alpha: float, never: Sequence[int] = ()) -> list[Hypothesis]:
    """Every target of up to `most` tokens, best first."""
    words = [i for i in range(len(table)) if i != EOS and i not in never]
    found = []
    for length in range(most + 1):
        for ids in itertools.product(words, repeat=length):
            tokens = ids if length == most else (*ids, EOS)
            total = log_prob(table, tokens)
            found.append(Hypothesis(list(ids), total, total / len(tokens) ** alpha, length < most))
    return sorted((one for one in found if one.log_prob > -math.inf), key=lambda one: (-one.ended, -one.score))


def with_lists(table: Tensor, how: Search, most: int) -> list[Hypothesis]:
    """Beam search of one source, one hypothesis at a time, that goes on until `beam` have ended, and sorts at last."""
    live: list[tuple[float, list[int]]] = [(0.0, [])]
    found: list[Hypothesis] = []
    for length in range(1, most + 1):
        grown = []
        for total, ids in live:
            before, last = [EOS, EOS, *ids][-2:]
            grown += [(total + float(table[before, last, token]), [*ids, token]) for token in range(len(table))]
        grown.sort(key=lambda one: -one[0])
        for total, ids in grown[: how.beam]:
            if ids[-1] == EOS:
                found.append(Hypothesis(ids[:-1], total, total / length**how.length_penalty, True))
        live = [one for one in grown if one[1][-1] != EOS][: how.beam]
        if len(found) >= how.beam:
            break
    else:
        found += [Hypothesis(ids, total, total / most**how.length_penalty, False) for total, ids in live]
    return sorted(found, key=lambda one: (-one.ended, -one.score))[: how.n_best]


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_beam_wide_enough_finds_every_target_in_order(seed: int, alpha: float) -> None:
    tables = drawn(seed, sources=3)
    found = search(Trigrams(tables), 3, Search(400, alpha, n_best=400), [4, 3, 1])
    assert found == [everything(table, most, alpha) for table, most in zip(tables, [4, 3, 1], strict=True)]
    assert len(found[0]) == 1 + 3 + 9 + 27 + 81


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("n_best", [1, 3])
def test_stopping_where_nothing_better_can_come_changes_nothing(n_best: int, alpha: float) -> None:
    tables = drawn(4, sources=12)
    stepper = Trigrams(tables)
    found = search(stepper, 12, Search(400, alpha, n_best=n_best), [5] * 12)
    assert found == [everything(table, 5, alpha)[:n_best] for table in tables]
    if alpha == 0 and n_best == 1:
        assert stepper.rows != [12, 12 * 3, 12 * 9, 12 * 27, 12 * 81]  # or nothing was stopped


@pytest.mark.parametrize("beam", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_a_narrow_beam_is_the_search_with_lists(beam: int, alpha: float) -> None:
    tables = drawn(beam, sources=27, types=7)
    most = [1 + i % 9 for i in range(27)]
    for n_best in (1, beam):
        how = Search(beam, alpha, n_best=n_best)
        expected = [with_lists(table, how, longest) for table, longest in zip(tables, most, strict=True)]
        assert search(Trigrams(tables), 27, how, most) == expected
    assert {one.ended for source in expected for one in source} == {True, False}  # or the tables were too easy


def test_a_beam_of_one_is_greedy() -> None:
    tables = drawn(5, sources=50, types=6)
    for table, (found,) in zip(tables, search(Trigrams(tables), 50, Search(beam=1), [12] * 50), strict=True):
        ids = [EOS, EOS]
        while len(ids) < 14 and (len(ids) == 2 or ids[-1] != EOS):
            ids.append(int(table[ids[-2], ids[-1]].argmax()))
        assert [*found.ids, *[EOS] * found.ended] == ids[2:]
        assert found.log_prob == log_prob(table, ids[2:])


@pytest.mark.parametrize("how", [Search(1), Search(3, n_best=2), Search(6, 0.5, n_best=6)])
def test_a_source_has_the_same_result_in_any_company(how: Search) -> None:
    tables = drawn(6, sources=20, types=5)
    tables[::2, :, :, EOS] -= 3  # half of them end late
    most = [3 + 7 * i % 19 for i in range(20)]
    together = search(Trigrams(tables), 20, how, most)
    assert together == [search(Trigrams(tables[i : i + 1]), 1, how, most[i : i + 1])[0] for i in range(20)]
    order = torch.randperm(20, generator=torch.Generator().manual_seed(1))
    shuffled = search(Trigrams(tables[order]), 20, how, [most[i] for i in order.tolist()])
    assert shuffled == [together[i] for i in order.tolist()]


def test_sources_that_are_done_are_dropped_when_they_are_the_greater_part() -> None:
    stepper = Trigrams(drawn(7, sources=10, types=8))
    search(stepper, 10, Search(beam=2, n_best=2), [9, 9, 1, 1, 1, 2, 2, 2, 2, 2], never=[EOS])
    assert stepper.rows == [10, 20] + [4] * 7  # after one step three are done, which is too few to drop them


def test_length_penalties_rank_as_worked_out_by_hand() -> None:
    stepper = Markov({EOS: [0.4, 0.0, 0.6, 0.0], 2: [0.55, 0.0, 0.0, 0.45]})
    by_hand = {(): math.log(0.4), (2,): math.log(0.33), (2, 3): math.log(0.27)}
    for alpha, order in ((0.0, [(), (2,), (2, 3)]), (0.3, [(2,), (), (2, 3)]), (1.0, [(2, 3), (2,), ()])):
        (found,) = search(stepper, 1, Search(3, alpha, n_best=3), [9])
        assert [tuple(one.ids) for one in found] == order
        assert [one.log_prob for one in found] == pytest.approx([by_hand[ids] for ids in order], rel=1e-6)
        scores = [by_hand[ids] / (len(ids) + 1) ** alpha for ids in order]
        assert [one.score for one in found] == pytest.approx(scores, rel=1e-6)


def test_coverage_ranks_as_worked_out_by_hand() -> None:
    stepper = Attending({EOS: [0.0, 0.1, 0.5, 0.4]})
    # looked at after <eos> and 1, 2 or 3: (0.5, 1.5), (1.4, 0.6), (0.7, 1.3)
    by_hand = {1: math.log(0.1) / 2, 2: math.log(0.5) / 2, 3: math.log(0.4) / 2}
    uncovered = {1: math.log(0.5), 2: math.log(0.6), 3: math.log(0.7)}
    for beta, order in ((0.0, [2, 3, 1]), (1.0, [3, 2, 1])):
        (found,) = search(stepper, 1, Search(3, coverage_penalty=beta, n_best=3), [5])
        assert [one.ids for one in found] == [[token] for token in order]
        scores = [by_hand[token] + beta * uncovered[token] for token in order]
        assert [one.score for one in found] == pytest.approx(scores, rel=1e-6)


def test_what_was_never_looked_at_ranks_last_but_stays() -> None:
    stepper = Attending({EOS: [0.0, 0.6, 0.4, 0.0]})
    stepper.LOOKS = torch.tensor([[0.0, 0.5], [0.0, 0.5], [1.0, 0.5], [0.0, 0.0]])
    (found,) = search(stepper, 1, Search(2, coverage_penalty=0.1, n_best=2), [5])
    assert [(one.ids, one.ended) for one in found] == [([2], True), ([1], True)]
    assert math.isfinite(found[1].score)


def test_coverage_without_attention_is_refused() -> None:
    for stepper in (Trigrams(drawn(1)), Markov({EOS: [0.5, 0.5]})):
        with pytest.raises(ConfigError, match=r"--coverage-penalty 0\.2: this model has no attention"):
            search(stepper, 1, Search(coverage_penalty=0.2), [5])


def test_the_n_best_are_different_and_in_order() -> None:
    for found in search(Trigrams(drawn(8, sources=20, types=6)), 20, Search(8, n_best=8), [7] * 20):
        assert len({tuple(one.ids) for one in found}) == len(found) == 8
        for better, worse in itertools.pairwise(found):
            assert (better.ended, better.score) >= (worse.ended, worse.score)


def test_what_is_cut_off_ranks_below_what_ended() -> None:
    stepper = Markov({EOS: [0.01, 0.0, 0.99], 2: [0.0, 0.0, 1.0]})
    ended, cut = search(stepper, 1, Search(2, n_best=2), [6])[0]
    assert (ended.ids, ended.ended, cut.ids, cut.ended) == ([], True, [2] * 6, False)
    assert cut.score > ended.score
    assert cut.log_prob == pytest.approx(math.log(0.99), rel=1e-6)
    (greedy,) = search(stepper, 1, Search(1), [6])[0]
    assert greedy == cut  # nothing ended


@pytest.mark.parametrize("never", [[2], [1, 3]])
def test_ids_that_are_never_chosen_leave_the_others_as_they_are(never: list[int]) -> None:
    tables = drawn(9, sources=4, types=5)
    found = search(Trigrams(tables), 4, Search(700, n_best=700), [4] * 4, never)
    assert found == [everything(table, 4, 1.0, never) for table in tables]
    barred = tables.clone()
    barred[..., never] = -math.inf
    for how in (Search(1), Search(3, n_best=3)):
        assert search(Trigrams(tables), 4, how, [9] * 4, never) == search(Trigrams(barred), 4, how, [9] * 4)


def test_without_an_end_every_target_has_its_longest_length() -> None:
    found = search(Trigrams(drawn(10, sources=3)), 3, Search(2, n_best=2), [1, 4, 6], never=[EOS])
    assert [[(len(one.ids), one.ended) for one in source] for source in found] == [[(n, False)] * 2 for n in (1, 4, 6)]


def test_of_equal_scores_the_one_that_ended_first_comes_first() -> None:
    for n_best in (1, 2):
        (found,) = search(Markov({EOS: [0.5, 0.0, 0.5]}), 1, Search(2, length_penalty=0.0, n_best=n_best), [6])
        assert [one.ids for one in found] == [[], [2]][:n_best]


def test_there_are_no_more_targets_than_have_any_probability() -> None:
    (found,) = search(Markov({EOS: [0.5, 0.0, 0.5]}), 1, Search(5, n_best=5), [6])
    assert [one.ids for one in found] == [[2], []]
    nowhere = Markov({EOS: [0.0, 0.0, 1.0], 2: [0.0, 0.0, 0.0]})
    assert search(nowhere, 2, Search(2), [6, 1]) == [[], [Hypothesis([2], 0.0, 0.0, False)]]
    assert search(nowhere, 0, Search(), []) == []
    stuck = Trigrams(nowhere.table.expand(1, 3, 3, 3))
    assert (search(stuck, 1, Search(2), [100]), stuck.rows) == ([[]], [1, 2])  # and nobody waits for any


@pytest.mark.parametrize("types", [3, 1000])
def test_of_equal_continuations_the_lower_id_comes_first(types: int) -> None:
    even = Markov({i: [1 / types] * types for i in range(types)})
    assert search(even, 1, Search(1), [3])[0][0].ids == []
    found = search(even, 2, Search(4, n_best=4), [3, 2], never=[EOS])
    words = itertools.product(range(1, types), repeat=3)  # in alphabetical order
    assert [tuple(one.ids) for one in found[0]] == list(itertools.islice(words, 4))
    words = itertools.product(range(1, types), repeat=2)
    assert [tuple(one.ids) for one in found[1]] == list(itertools.islice(words, 4))


def network(cell: str) -> LanguageModel:
    model = LanguageModel(LanguageModelConfig(cell=cell, hidden=12, layers=2), 9, seed=3)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-1.2, 1.2, generator=generator)
    return model.eval()


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_network_gives_what_is_found_the_probability_it_was_found_with(cell: str) -> None:
    model = network(cell)
    found = search(model, 3, Search(6, n_best=6), [4, 9, 15])
    assert found[0] != found[2]
    for one in itertools.chain.from_iterable(found):
        targets = torch.tensor([*one.ids, *[EOS] * one.ended])[:, None]
        inputs = torch.cat([torch.zeros(1, 1, dtype=torch.long), targets[:-1]])
        with torch.no_grad():
            losses, _ = model.losses(Batch(inputs, targets))
        assert one.log_prob == pytest.approx(-float(losses.sum()), rel=1e-4)


def test_a_beam_of_one_is_what_sampling_draws_at_temperature_zero() -> None:
    model = network("lstm")
    (found,) = search(model, 1, Search(1), [20])[0]
    greedy = itertools.islice(sample(model, [], Sampling(temperature=0.0), seed=1), 20)
    assert found.ids == list(itertools.takewhile(lambda token: token != EOS, greedy))


def test_rows_of_a_state_are_chosen_at_any_depth() -> None:
    class Pair(NamedTuple):
        first: Tensor
        second: tuple[Tensor, ...]

    state = (torch.arange(3), Pair(torch.arange(6).view(3, 2), (torch.arange(3.0),)))
    one, pair = select(state, torch.tensor([2, 0, 2, 1]))
    assert one.tolist() == [2, 0, 2, 1]
    assert isinstance(pair, Pair)
    assert (pair.first.tolist(), pair.second[0].tolist()) == ([[4, 5], [0, 1], [4, 5], [2, 3]], [2.0, 0.0, 2.0, 1.0])


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Search(beam=0), "--beam 0: give a number of at least 1"),
        (lambda: Search(n_best=0), "--n-best 0: give a number of at least 1"),
        (lambda: Search(beam=2, n_best=3), "--n-best 3: give at most the width of the beam, --beam 2"),
        (lambda: Search(length_penalty=-0.5), "--length-penalty -0.5: give a number of at least 0"),
        (lambda: Search(coverage_penalty=math.nan), "--coverage-penalty nan: give a finite number"),
    ],
)
def test_settings_that_cannot_work_are_refused(make: Callable[[], Search], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        make()
    assert str(error.value) == told
