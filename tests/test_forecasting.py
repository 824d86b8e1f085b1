"""The recurrent layers without any text: the example of docs/forecasting.md is run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch

PAGE = (Path(__file__).parent.parent / "docs" / "forecasting.md").read_text(encoding="utf-8")


def test_the_example_forecasts_nearly_as_well_as_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.S)
    assert "nlprnn.text" not in code
    space: dict[str, Any] = {}
    before = torch.get_rng_state()
    exec(code, space)
    torch.set_rng_state(before)
    network, last = (float(value) for value in re.findall(r"(?:network|as before) ([\d.]+)", capsys.readouterr().out))
    assert 0.97 < network < 1.15  # 1 is the variance of what nobody can foresee; of 29,500 values, give or take 0.008
    # Yule-Walker: rho_1 is 1.6 / 1.8 and the variance 1.8 / (0.2 (1.8^2 - 1.6^2)); the error is 2 variance (1 - rho_1).
    assert last == pytest.approx(2 * 1.8 / (0.2 * (1.8**2 - 1.6**2)) * (1 - 1.6 / 1.8), rel=0.05)
    assert "2.94" in PAGE
    new = space["new"]
    residue = new[2:] - 1.6 * new[1:-1] + 0.8 * new[:-2]
    assert float(residue.var()) == pytest.approx(1, rel=0.03)  # it is the process that the page says
