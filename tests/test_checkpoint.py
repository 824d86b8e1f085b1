"""Model directories: whose they are, what is broken, and that nothing is ever half written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from nlprnn.checkpoint import ModelDirectory, load_weights, read_config, write_atomically, write_text
from nlprnn.errors import ModelDirectoryError, NlprnnError
from nlprnn.tasks.loading import load_text_model as load


@pytest.fixture
def copy(small_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(small_model, tmp_path / "copy"))


def test_a_directory_that_is_someone_elses_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    for flags in ((False, False), (True, False), (False, True)):
        with pytest.raises(ModelDirectoryError, match="not a model of nlprnn"):
            ModelDirectory(tmp_path).claim(*flags)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_config_json_of_another_program_does_not_make_a_directory_ours(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    with pytest.raises(ModelDirectoryError, match="not a model of nlprnn"):
        ModelDirectory(tmp_path).claim(overwrite=True, resume=False)


def test_a_file_in_the_place_of_a_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelDirectoryError, match="is a file"):
        ModelDirectory(tmp_path / "file").claim(overwrite=True, resume=False)


def test_two_processes_cannot_train_into_one_directory(tmp_path: Path) -> None:
    first = ModelDirectory(tmp_path / "m").claimed(overwrite=False, resume=False)
    with first, pytest.raises(ModelDirectoryError, match="another process"):
        ModelDirectory(tmp_path / "m").claim(overwrite=True, resume=False)
    assert not (tmp_path / "m").exists()  # nothing was written, so nothing is left


def test_a_refused_process_leaves_the_lock_of_the_first_alone(tmp_path: Path) -> None:
    with ModelDirectory(tmp_path / "m").claimed(overwrite=False, resume=False):
        for _ in range(3):
            second = ModelDirectory(tmp_path / "m").claimed(overwrite=False, resume=False)
            with pytest.raises(ModelDirectoryError, match="another process"), second:
                pass
            assert (tmp_path / "m" / "training_state" / "lock").exists()


def test_what_a_killed_process_left_half_written_neither_blocks_nor_stays(tmp_path: Path) -> None:
    (tmp_path / "m" / "training_state").mkdir(parents=True)
    for name in ("training_state/lock", ".config.json.17-ab.tmp", "training_state/.checkpoint.safetensors.1-c.tmp"):
        (tmp_path / "m" / name).write_text("")
    directory = ModelDirectory(tmp_path / "m")
    with directory.claimed(overwrite=False, resume=False):
        assert not list((tmp_path / "m").rglob("*.tmp"))


def test_the_lock_of_a_dead_process_does_not_block(tmp_path: Path) -> None:
    script = (
        "import os; from pathlib import Path; from nlprnn.checkpoint import ModelDirectory\n"
        f"ModelDirectory(Path({str(tmp_path / 'm')!r})).claim(overwrite=False, resume=False); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 9
    assert (tmp_path / "m" / "training_state" / "lock").exists()
    with ModelDirectory(tmp_path / "m").claimed(overwrite=False, resume=False):
        pass


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", b"", "broken"),
        ("config.json", b"[]", "not written by nlprnn"),
        ("config.json", b'{"format": 99, "kind": "language-model"}', "newer nlprnn .* upgrade"),
        ("config.json", b'{"format": 1, "kind": "toaster"}', "toaster"),
        ("config.json", b'{"format": 1, "kind": "language-model", "model": {"hidden": "big"}}', "hidden"),
        ("model.safetensors", b"", "broken or truncated"),
        ("model.safetensors", b"\x00" * 100, "broken or truncated"),
        ("tokenizer.json", b"{}", "tokenizer"),
        ("tokenizer.json", b'{"kind": "words"', "damaged"),
    ],
)
def test_a_broken_model_directory_is_told_in_one_line(copy: Path, name: str, content: bytes, message: str) -> None:
    (copy / name).write_bytes(content)
    with pytest.raises(NlprnnError, match=message) as caught:
        load(copy)
    assert str(caught.value).startswith(str(copy))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "tokenizer.json"])
def test_a_missing_file_of_a_model_directory_is_told(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelDirectoryError, match=name.replace(".", r"\.")):
        load(copy)


def test_truncated_weights_are_told(copy: Path) -> None:
    whole = (copy / "model.safetensors").read_bytes()
    (copy / "model.safetensors").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelDirectoryError, match="broken or truncated"):
        load(copy)


def test_weights_of_another_size_are_told(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["model"]["hidden"] = 25
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelDirectoryError, match="do not fit"):
        load(copy)


def test_a_model_of_another_kind_is_told(small_ngram: Path) -> None:
    with pytest.raises(ModelDirectoryError, match="a model of kind ngram, but language-model is needed"):
        read_config(small_ngram, "language-model")


def test_a_pickle_in_the_place_of_the_weights_is_not_run(copy: Path) -> None:
    class Bomb:
        def __reduce__(self):
            return os.mkdir, (str(copy / "boom"),)

    torch.save(Bomb(), copy / "model.safetensors")
    with pytest.raises(ModelDirectoryError):
        load(copy)
    assert not (copy / "boom").exists()


def test_a_write_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def fail(name: Path) -> None:
        name.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelDirectoryError, match=r"No space left on device.*make room"):
        write_atomically(path, fail)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file.txt"]


def test_loading_weights_needs_every_name(tmp_path: Path) -> None:
    from nlprnn.checkpoint import save_weights

    save_weights(tmp_path / "w.safetensors", {"weight": torch.zeros(2, 2)})
    with pytest.raises(ModelDirectoryError, match="do not fit"):
        load_weights(torch.nn.Linear(2, 2), tmp_path / "w.safetensors")
