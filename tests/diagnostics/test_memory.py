"""The memory tasks as they are described."""

from __future__ import annotations

import pytest
import torch

from nlprnn.diagnostics.memory import MemoryTask


def generator() -> torch.Generator:
    return torch.Generator().manual_seed(5)


def test_delayed_recall_shows_an_item_then_distractors_then_the_question() -> None:
    task = MemoryTask(delay=4, symbols=3)
    found = task.trials(200, generator())
    assert found.inputs.shape == (task.steps, 200) == (6, 200)
    assert set(found.inputs[0].tolist()) == {0, 1, 2}
    assert set(found.inputs[1:5].flatten().tolist()) == {5, 6, 7} and task.alphabet == 8
    assert torch.all(found.inputs[5] == task.question)
    assert torch.equal(found.targets[5], found.inputs[0])
    assert found.asked[:5].sum() == 0 and torch.all(found.asked[5])


def test_copying_shows_all_items_then_blanks_and_asks_for_them_in_their_order() -> None:
    task = MemoryTask(delay=2, items=3, noise=False)
    found = task.trials(50, generator())
    assert task.steps == 8 and task.alphabet == 10
    assert torch.all(found.inputs[3:5] == task.blank) and torch.all(found.inputs[6:] == task.blank)
    assert torch.all(found.inputs[5] == task.question)
    assert torch.equal(found.targets[5:], found.inputs[:3])
    assert torch.equal(found.asked, (torch.arange(8) >= 5)[:, None].expand(8, 50))


@pytest.mark.parametrize("delay", [0, 3])
def test_in_a_stream_every_question_is_about_the_item_before_it(delay: int) -> None:
    task = MemoryTask(delay)
    found = task.stream(40, 100, generator())
    questions = found.inputs == task.question
    assert found.inputs.shape == (40, 100)
    for place, column in questions.nonzero().tolist():
        shown = place - delay - 1
        assert bool(found.asked[place, column]) == (shown >= 0)
        if shown >= 0:
            assert found.targets[place, column] == found.inputs[shown, column] < task.symbols
    assert not bool((found.asked & ~questions).any())
    assert len({tuple(column.tolist()) for column in questions.T}) == task.steps  # columns begin at every place


def test_a_stream_in_pieces_is_the_stream() -> None:
    whole = MemoryTask(3).stream(11, 2, generator())
    pieces = whole.split(4)
    assert [len(piece.inputs) for piece in pieces] == [4, 4, 3]
    for name in ("inputs", "targets", "asked"):
        assert torch.equal(torch.cat([getattr(piece, name) for piece in pieces]), getattr(whole, name))


def test_a_span_is_the_steps_from_an_item_to_its_answer() -> None:
    for task in (MemoryTask(4), MemoryTask(3, items=2, noise=False)):
        one = task.trials(1, torch.Generator().manual_seed(1))
        answers = [step for step in range(task.steps) if one.asked[step, 0]]
        assert [answer - task.span for answer in answers] == list(range(task.items))
        assert all(one.targets[answer, 0] == one.inputs[answer - task.span, 0] for answer in answers)
