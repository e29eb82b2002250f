"""`ivr models`, as a person runs it: get from a server that breaks off, lies or is not there; check; list; eval."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from speech_processes import ROOT, Say
from typer.testing import CliRunner

from ivr.errors import ModelError, UserError
from ivr.speech.audio import write_wav
from ivr.speech.catalogue import Official
from ivr.speech.cli import models
from ivr.speech.download import get

pytestmark = pytest.mark.integration


class Site(ThreadingHTTPServer):
    """A server of one archive: it may break off after so many bytes per answer, and may refuse ranges."""

    content = b""
    breaks_after = 0
    dries_up_after = 0
    takes_ranges = True
    status = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/model.zip"


class Handler(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        site, wanted = self.server, self.headers.get("Range", "")
        site.asked.append(wanted)
        if site.status:
            self.send_error(site.status)
            return
        found = re.fullmatch(r"bytes=(\d+)-", wanted) if site.takes_ranges else None
        begin = int(found[1]) if found else 0
        if begin >= len(site.content):
            self.send_error(416)
            return
        self.send_response(206 if found else 200)
        self.send_header("Content-Length", str(len(site.content) - begin))
        if found:
            self.send_header("Content-Range", f"bytes {begin}-{len(site.content) - 1}/{len(site.content)}")
        self.end_headers()
        end = begin + site.breaks_after if site.breaks_after else None
        if not site.dries_up_after or len(site.asked) <= site.dries_up_after:
            self.wfile.write(site.content[begin:end])

    def log_message(self, *_: object) -> None:
        """Not into the test's output."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("archive")
    shutil.copytree(ROOT / "models" / "en-small", folder / "in" / "vosk-model-tiny")
    return Path(shutil.make_archive(str(folder / "model"), "zip", folder / "in")).read_bytes()


@pytest.fixture
def site(archive: bytes) -> Iterator[Site]:
    serving = Site()
    serving.content = archive
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    yield serving
    serving.shutdown()
    thread.join()
    serving.server_close()


def tiny(archive: bytes) -> Official:
    digest = hashlib.sha256(archive).hexdigest()
    return Official(name="vosk-model-tiny", short="tiny", language="en", about="", bytes=len(archive), sha256=digest)


def fetch(site: Site, model: Official, folder: Path) -> list[int]:
    seen: list[int] = []
    get(model, site.url, folder, lambda have, total: seen.append(have), pause_seconds=0.01)
    return seen


def test_a_model_is_fetched_checked_and_put_in_place(site: Site, archive: bytes, tmp_path: Path) -> None:
    seen = fetch(site, tiny(archive), tmp_path / "models")
    assert seen == sorted(seen)
    assert seen[-1] == len(archive)
    assert (tmp_path / "models" / "vosk-model-tiny" / "am" / "final.mdl").is_file()
    assert [each.name for each in (tmp_path / "models").iterdir()] == ["vosk-model-tiny"]
    with pytest.raises(ModelError, match="is there already"):
        fetch(site, tiny(archive), tmp_path / "models")


def test_a_download_that_breaks_off_goes_on_from_there(site: Site, archive: bytes, tmp_path: Path) -> None:
    site.breaks_after = len(archive) // 3 + 1
    fetch(site, tiny(archive), tmp_path)
    assert len(site.asked) == 3
    assert site.asked[1] == f"bytes={site.breaks_after}-"
    assert (tmp_path / "vosk-model-tiny").is_dir()


def test_one_that_keeps_breaking_off_is_kept_for_the_next_attempt(site: Site, archive: bytes, tmp_path: Path) -> None:
    site.breaks_after, site.dries_up_after = len(archive) // 10, 6
    with pytest.raises(ModelError, match="goes on from there"):
        fetch(site, tiny(archive), tmp_path)
    arrived = (tmp_path / ".vosk-model-tiny.zip.part").stat().st_size
    assert arrived == 6 * site.breaks_after
    assert len(site.asked) < 12
    site.breaks_after = site.dries_up_after = 0
    fetch(site, tiny(archive), tmp_path)
    assert site.asked[-1] == f"bytes={arrived}-"
    assert (tmp_path / "vosk-model-tiny").is_dir()


def test_a_server_without_ranges_is_begun_anew(site: Site, archive: bytes, tmp_path: Path) -> None:
    (tmp_path / ".vosk-model-tiny.zip.part").write_bytes(b"half of something else")
    site.takes_ranges = False
    fetch(site, tiny(archive), tmp_path)
    assert (tmp_path / "vosk-model-tiny").is_dir()


def test_another_content_is_refused_and_forgotten(site: Site, archive: bytes, tmp_path: Path) -> None:
    site.content = archive[:-7] + b"garbage"
    with pytest.raises(ModelError, match="SHA-256"):
        fetch(site, tiny(archive), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_leftover_that_is_wrong_does_not_block_for_ever(site: Site, archive: bytes, tmp_path: Path) -> None:
    (tmp_path / ".vosk-model-tiny.zip.part").write_bytes(b"x" * (len(archive) + 5))
    with pytest.raises(ModelError, match="fetch it again"):
        fetch(site, tiny(archive), tmp_path)
    fetch(site, tiny(archive), tmp_path)
    assert (tmp_path / "vosk-model-tiny").is_dir()


@pytest.mark.parametrize("status", [404, 503])
def test_a_refusal_says_what_else_can_be_done(site: Site, archive: bytes, tmp_path: Path, status: int) -> None:
    site.status = status
    with pytest.raises(ModelError, match=rf"answered {status}.*--from FILE\.zip"):
        fetch(site, tiny(archive), tmp_path)


def test_no_network_is_one_clear_line(archive: bytes, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as fault:
        get(tiny(archive), "http://127.0.0.1:15299/model.zip", tmp_path, lambda have, total: None)
    assert "can't be reached" in str(fault.value)
    assert "--from FILE.zip" in str(fault.value)
    assert "\n" not in str(fault.value)


def run(*arguments: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(models, [str(each) for each in arguments], env={"COLUMNS": "200", "TERM": "dumb"})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def test_list_shows_what_is_here_and_what_can_be_fetched() -> None:
    status, said = run("list", "--config", ROOT / "config.yaml") if (ROOT / "config.yaml").exists() else run("list")
    assert status == 0
    for name in ("zh-small", "en-small", "vosk-model-small-cn-0.22", "vosk-model-cn-0.22"):
        assert name in said


def test_check_finds_a_word_no_model_knows(tmp_path: Path) -> None:
    tree = "steps:\n  x:\n    choices:\n      a:\n        zh: [退款, 龘龘]\n        en: [one two]\n"
    (tmp_path / "plan.yaml").write_text(tree, encoding="utf-8")
    status, said = run("check", tmp_path / "plan.yaml")
    assert status == 1
    assert "龘" in said
    assert "plan.yaml:5" in said
    (tmp_path / "plan.yaml").write_text(tree.replace(", 龘龘", ""), encoding="utf-8")
    assert run("check", tmp_path / "plan.yaml")[0] == 0


def test_check_of_a_broken_model_names_the_file(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "en-small", tmp_path / "model")
    (tmp_path / "model" / "graph" / "Gr.fst").unlink()
    with pytest.raises(UserError, match=r"Gr\.fst"):
        run("check", tmp_path / "model")


def test_eval_measures_and_calibrates(say: Say, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "models" / "zh-small", tmp_path / "model")
    clips = tmp_path / "clips"
    clips.mkdir()
    listed = []
    for index in range(30):
        digits = [str(index % 10), str(index // 10), "7"]
        spoken = "".join("零一二三四五六七八九"[int(each)] for each in digits)
        write_wav(clips / f"{index}.wav", say(spoken))
        # One text is wrong on purpose: the table has to show it.
        text = "零零零" if index == 5 else spoken
        listed.append({"file": f"{index}.wav", "text": text, "kind": "digits", "speaker": "espeak"})
    write_wav(clips / "silence.wav", bytes(32000))
    listed.append({"file": "silence.wav", "kind": "noise"})
    (clips / "manifest.yaml").write_text(yaml.safe_dump(listed, allow_unicode=True), encoding="utf-8")
    wishes = ["--json", tmp_path / "out.json", "--condition", "clean", "--condition", "snr20", "--calibrate"]
    status, said = run("eval", tmp_path / "model", clips, *wishes)
    assert status == 0
    assert "snr20" in said
    rows = {(row["kind"], row["condition"]): row for row in json.loads((tmp_path / "out.json").read_text())["rows"]}
    assert 0.8 < rows["digits", "clean"]["utterance_accuracy"] < 1.0
    assert rows["digits", "clean"]["units"] == 90
    assert rows["noise", "clean"]["false_accept"] == 0.0
    assert 0 < rows["digits", "clean"]["real_time_factor"] < 5
    assert json.loads((tmp_path / "model" / "calibration.json").read_text())["digits"]
