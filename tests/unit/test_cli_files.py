"""Files on the command line."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from types import SimpleNamespace

import click
import pytest

from aiplane.cli.input import files
from aiplane.cli.input.files import audio_file, json_list, json_object, text_file


def written(folder: Path, content: bytes) -> str:
    path = folder / "file"
    path.write_bytes(content)
    return str(path)


def test_text_is_utf_8_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    assert text_file(written(tmp_path, "täglich 🙂\r\n".encode())) == "täglich 🙂\r\n"
    assert text_file(written(tmp_path, b"\xef\xbb\xbfx")) == "x"


def test_audio_becomes_base64(tmp_path: Path) -> None:
    assert base64.b64decode(audio_file(written(tmp_path, bytes(range(256))))) == bytes(range(256))


def test_json_is_an_object_or_a_list_as_it_is_asked_for(tmp_path: Path) -> None:
    assert json_object(written(tmp_path, b'{"a": [1]}')) == {"a": [1]}
    assert json_list(written(tmp_path, b'[{"role": "user"}]')) == [{"role": "user"}]


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"typed")))
    assert text_file("-") == "typed"


@pytest.mark.parametrize(
    ("read", "content", "complaint"),
    [
        (text_file, b"\xff\xfe", "is not UTF-8 text"),
        (json_object, b"[]", "must hold a JSON object"),
        (json_list, b"{}", "must hold a JSON list"),
        (json_object, b"{", "is not JSON"),
        (json_object, b'{"a": NaN}', "is not JSON"),
        (json_object, b"[" * 200_000, "is not JSON"),
        (json_object, b"", "is not JSON"),
    ],
)
def test_what_a_file_may_not_hold(tmp_path: Path, read, content: bytes, complaint: str) -> None:
    with pytest.raises(click.BadParameter, match=complaint):
        read(written(tmp_path, content))


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="cannot be read: No such file"):
        text_file(str(tmp_path / "none"))
    with pytest.raises(click.BadParameter, match="cannot be read: Is a directory"):
        text_file(str(tmp_path))


def test_a_file_without_end_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 2 * 1024 * 1024)
    with pytest.raises(click.BadParameter, match="holds more than 2 MB"):
        audio_file("/dev/zero")
