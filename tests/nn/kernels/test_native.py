"""The compiled kernels against the readable loop and torch's cross entropy, for every instruction set there is."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from nlprnn.nn.cells import CELLS, State, Weights, unroll
from nlprnn.nn.kernels import library, native
from nlprnn.nn.steps import Steps, even_steps, unpad

FLOAT32 = [level for level in range(1, library.instructions() + 1) if level != library.BF16]
# Those that multiply bfloat16 in float32 run wherever float32 does.
BF16 = [level + library.BF16 for level in FLOAT32] + [library.BF16] * (library.instructions() == library.BF16)
LAYOUTS = {
    "one": even_steps(1, 1),
    "even": even_steps(7, 5),
    "wide": even_steps(3, 40),
    "uneven": unpad(torch.tensor([9, 3, 1, 8, 8, 2, 9, 1]), 9)[0],
}
M_PERTURB = -6  # of glibc's mallopt
SIZES = ((5, 3), (16, 16), (33, 50))  # inputs and units: less than a vector, whole ones, with a remainder

pytestmark = pytest.mark.skipif(not FLOAT32, reason="no compiled kernels here")


@pytest.fixture(params=[1, 2, 3])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def everything(
    cell: str, steps: Steps, sizes: tuple[int, int], run: Callable[..., tuple[Tensor, State]]
) -> list[Tensor]:
    """Outputs, last states and all gradients of a layer under a loss that weighs each output differently."""
    torch.manual_seed(1)
    (inputs, hidden), kind = sizes, CELLS[cell]
    rows = kind.gates * hidden
    w = [torch.randn(shape) * hidden**-0.5 for shape in ((rows, inputs), (rows, hidden), (rows,), (rows,))]
    state = [torch.randn(steps.sequences, hidden) / 2 for _ in range(kind.states)]
    leaves = [tensor.requires_grad_() for tensor in (torch.randn(steps.rows, inputs), *w, *state)]
    out, last = run(kind, leaves[0], steps, tuple(leaves[5:]), Weights(*leaves[1:5]))
    weigh = torch.linspace(-1, 1, out.numel()).view_as(out)
    ((out * weigh).sum() + sum((part * (index + 1)).sum() for index, part in enumerate(last))).backward()
    return [out.detach(), *(part.detach() for part in last), *(leaf.grad for leaf in leaves)]


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("level", FLOAT32)
def test_a_layer_and_its_gradients_equal_those_of_the_readable_loop(
    level: int, cell: str, layout: str, backwards: bool, threads: int
) -> None:
    steps = LAYOUTS[layout]
    for sizes in SIZES:
        slow = everything(cell, steps, sizes, lambda *given: unroll(*given, backwards))
        fast = everything(cell, steps, sizes, lambda *given: native.run_sequence(level, *given, backwards))
        for wanted, found in zip(slow, fast, strict=True):
            torch.testing.assert_close(found, wanted, rtol=1e-4, atol=2e-5)


def error(found: Tensor, wanted: Tensor) -> float:
    return float((found - wanted).norm() / wanted.norm())


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn-tanh"])  # relu's slope jumps at 0, in any arithmetic
@pytest.mark.parametrize("level", BF16)
def test_bfloat16_is_no_further_from_float32_than_torchs_autocast(level: int, cell: str) -> None:
    steps, sizes = even_steps(35, 20), (64, 96)

    def autocast(kind: object, x: Tensor, steps: Steps, state: State, w: Weights) -> tuple[Tensor, State]:
        with torch.autocast("cpu", torch.bfloat16):
            out, last = unroll(CELLS[cell], x, steps, state, w)
        return out.float(), tuple(part.float() for part in last)

    exact = everything(cell, steps, sizes, unroll)
    ours = everything(cell, steps, sizes, lambda *given: native.run_sequence(level, *given, False))
    for wanted, found, theirs in zip(exact, ours, everything(cell, steps, sizes, autocast), strict=True):
        assert error(found, wanted) <= error(theirs, wanted)


@pytest.fixture
def new_memory_is_nan() -> Iterator[None]:
    """glibc fills what it gives out with 0xFF, which as bfloat16 or float32 is NaN."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        pytest.skip("not glibc")
    mallopt(M_PERTURB, 0x100)
    yield
    mallopt(M_PERTURB, 0)


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("layout", list(LAYOUTS))
@pytest.mark.parametrize("cell", list(CELLS))
@pytest.mark.parametrize("level", FLOAT32 + BF16)
def test_only_what_was_written_is_read(level: int, cell: str, layout: str, backwards: bool, new_memory_is_nan) -> None:
    for sizes in SIZES:
        run = everything(cell, LAYOUTS[layout], sizes, lambda *given: native.run_sequence(level, *given, backwards))
        assert all(tensor.isfinite().all() for tensor in run)


@pytest.mark.parametrize("level", FLOAT32 + BF16)
def test_threads_of_either_kind_change_no_bit(level: int) -> None:
    def run() -> list[Tensor]:
        return everything("lstm", LAYOUTS["uneven"], (33, 50), lambda *given: native.run_sequence(level, *given, False))

    before = torch.get_num_threads()
    found = []
    for count in (1, 2, 5):
        torch.set_num_threads(count)
        found.append(run())
    library.ready().nlprnn_use_openmp(None, None, None)  # threads of our own
    found.append(run())
    library.ready.cache_clear()
    torch.set_num_threads(before)
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            assert torch.equal(one, other)


@pytest.mark.parametrize("level", FLOAT32 + BF16)
def test_without_gradients_the_outputs_are_the_same(level: int) -> None:
    def run(*given: object) -> tuple[Tensor, State]:
        with torch.no_grad():
            first, state = native.run_sequence(level, *given, False)
        second, again = native.run_sequence(level, *given, False)
        assert torch.equal(first, second) and all(torch.equal(a, b) for a, b in zip(state, again, strict=True))
        return second, again

    for cell in CELLS:
        everything(cell, LAYOUTS["uneven"], (5, 3), run)


def test_what_is_not_a_number_stays_so() -> None:
    for level in FLOAT32 + BF16:
        for cell in CELLS:
            rows = CELLS[cell].gates * 4
            w = Weights(torch.ones(rows, 3), torch.ones(rows, 4), torch.zeros(rows), torch.zeros(rows))
            state = tuple(torch.zeros(1, 4) for _ in range(CELLS[cell].states))
            x = torch.full((1, 3), torch.nan)
            assert native.run_sequence(level, CELLS[cell], x, even_steps(1, 1), state, w, False)[0].isnan().all()


def losses(
    level: int | None, rows: int, columns: int, types: int, smoothing: float, scale: float = 1.0
) -> list[Tensor]:
    """Losses, the bare -log p, and gradients of x, weight and bias under a weighted sum; None: torch's, in float64."""
    torch.manual_seed(4)
    kind = torch.float64 if level is None else torch.float32
    shapes = ((rows, columns), (types, columns), (types,))
    x, weight, bias = ((torch.randn(shape) * scale).to(kind).requires_grad_() for shape in shapes)
    targets, weigh = torch.randint(0, types, (rows,)), torch.randn(rows).to(kind)
    if level is None:
        logits = F.linear(x, weight, bias)
        loss = F.cross_entropy(logits, targets, reduction="none", label_smoothing=smoothing)
        nll = F.cross_entropy(logits, targets, reduction="none")
    else:
        loss, nll = native.linear_cross_entropy(level, x, weight, bias, targets, smoothing)
    (loss * weigh).sum().backward()
    return [loss.detach(), nll.detach(), x.grad, weight.grad, bias.grad]


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("shape", [(1, 3, 2), (7, 13, 100), (150, 40, 1003), (30, 16, 512)])
@pytest.mark.parametrize("level", FLOAT32 + BF16)
def test_the_fused_loss_and_its_gradients_equal_torchs(
    level: int, shape: tuple[int, int, int], smoothing: float, threads: int
) -> None:
    scale = shape[1] ** -0.5
    tolerance = 2e-2 if level in BF16 else 2e-6
    for found, wanted in zip(
        losses(level, *shape, smoothing, scale), losses(None, *shape, smoothing, scale), strict=True
    ):
        assert error(found.double(), wanted) < tolerance


@pytest.mark.parametrize("level", FLOAT32)
def test_logits_of_any_size_overflow_nothing(level: int) -> None:
    for scale in (10.0, 100.0):  # logits in the hundreds, and in the ten thousands
        found, wanted = losses(level, 20, 9, 700, 0.0, scale), losses(None, 20, 9, 700, 0.0, scale)
        for ours, theirs in zip(found, wanted, strict=True):
            assert torch.isfinite(ours).all()
            torch.testing.assert_close(ours.double(), theirs, rtol=1e-3, atol=1e-3)


def test_a_loss_that_nobody_weighs_has_no_gradient() -> None:
    x, w = torch.randn(4, 6, requires_grad=True), torch.randn(50, 6, requires_grad=True)
    loss, _ = native.linear_cross_entropy(FLOAT32[-1], x, w, torch.zeros(50), torch.tensor([1, 2, 3, 4]), 0.0)
    (loss * torch.tensor([0.0, 1.0, 0.0, 0.0])).sum().backward()
    assert torch.equal(x.grad[[0, 2, 3]], torch.zeros(3, 6)) and x.grad[1].abs().sum() > 0


def test_what_is_dropped_follows_from_the_seed_alone_and_looks_random(threads: int) -> None:
    torch.manual_seed(5)
    x = torch.ones(400_000, requires_grad=True)
    first, second = native.drop(FLOAT32[-1], x, 0.3), native.drop(FLOAT32[-1], x, 0.3)
    torch.manual_seed(5)
    assert torch.equal(native.drop(FLOAT32[0], x, 0.3), first)  # on any number of threads, with any instructions
    kept = [(mask.detach() > 0).double() for mask in (first, second)]
    deviation = (0.3 * 0.7 / len(x)) ** 0.5
    pairs = [(kept[0] * kept[1]).mean(), *((kept[0][lag:] * kept[0][:-lag]).mean() for lag in (1, 2, 16, 1024))]
    assert all(abs(float(mask.mean()) - 0.7) < 4 * deviation for mask in kept)
    assert all(abs(float(pair) - 0.49) < 5 * deviation for pair in pairs)  # neither seeds nor neighbours go together
    first.sum().backward()
    assert torch.equal(x.grad, first.detach())  # the gradient passes where the number passed, scaled as it was


@pytest.mark.parametrize("sizes", [(5, 3), (64, 32), (1100, 70)])  # 1100 are summed in more than one part
@pytest.mark.parametrize("level", FLOAT32 + BF16)
def test_a_row_of_a_product_depends_on_its_own_row_alone(level: int, sizes: tuple[int, int], threads: int) -> None:
    torch.manual_seed(3)
    x, w = torch.randn(2, 150, sizes[0]), torch.randn(sizes[1], sizes[0])
    whole = native.linear(level, x, w)
    assert error(whole.double(), x.double() @ w.double().T) < (1e-6 if level in FLOAT32 else 0.01)
    rows = x.flatten(0, 1)
    for first, last in ((0, 1), (7, 8), (3, 17), (299, 300), (101, 300)):
        assert torch.equal(native.linear(level, rows[first:last], w), whole.flatten(0, 1)[first:last])
