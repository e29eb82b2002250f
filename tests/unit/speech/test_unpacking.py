"""Archives are not trusted: nothing is written outside the folder, and a wrong one is never installed."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from ivr.errors import ModelError
from ivr.speech.catalogue import Official
from ivr.speech.download import install, unpack


def archive(file: Path, members: dict[str, bytes], mode: int = 0) -> Path:
    with zipfile.ZipFile(file, "w") as content:
        for name, data in members.items():
            member = zipfile.ZipInfo(name)
            member.external_attr = mode << 16
            content.writestr(member, data)
    return file


@pytest.mark.parametrize(
    "name", ["../evil.txt", "model/../../evil.txt", "/tmp/evil.txt", "..\\evil.txt", "C:\\evil.txt"]
)
def test_a_path_that_leads_out_is_refused_before_anything_is_written(tmp_path: Path, name: str) -> None:
    file = archive(tmp_path / "m.zip", {"model/README": b"fine", name: b"evil"})
    with pytest.raises(ModelError, match="leads out of it"):
        unpack(file, tmp_path / "inside" / "here")
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["m.zip"]


def test_a_link_is_refused(tmp_path: Path) -> None:
    file = archive(tmp_path / "m.zip", {"model/am": b"/etc"}, stat.S_IFLNK | 0o777)
    with pytest.raises(ModelError, match="leads out of it"):
        unpack(file, tmp_path / "inside")


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "m.zip").write_bytes(b"<html>not found</html>")
    with pytest.raises(ModelError, match="no sound ZIP"):
        unpack(tmp_path / "m.zip", tmp_path / "inside")


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    file = archive(tmp_path / "m.zip", {"model/README": b"x" * 1000})
    data = bytearray(file.read_bytes())
    data[200] ^= 0xFF
    file.write_bytes(bytes(data))
    with pytest.raises(ModelError, match="no sound ZIP"):
        unpack(file, tmp_path / "inside")


@pytest.mark.parametrize("key", ["bytes", "sha256"])
def test_another_size_or_hash_is_refused(tmp_path: Path, key: str) -> None:
    file = archive(tmp_path / "m.zip", {"model/README": b"fine"})
    right = {"bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
    wrong = {**right, key: 7 if key == "bytes" else "0" * 64}
    model = Official(name="model", short="m", language="zh", about="", **wrong)
    with pytest.raises(ModelError, match="fetch it again"):
        install(model, file, tmp_path)
    assert not (tmp_path / "model").exists()
    assert file.exists(), "a file somebody else fetched is not ours to delete"


def test_an_archive_without_a_model_leaves_nothing_behind(tmp_path: Path) -> None:
    file = archive(tmp_path / "m.zip", {"model/README": b"fine"})
    with pytest.raises(ModelError, match=r"am/final\.mdl is missing"):
        install(Official(name="model", short="m", language="zh", about=""), file, tmp_path)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["m.zip"]
