"""A name that was heard over the telephone proves by its sound, and another person's does not."""

from __future__ import annotations

import pytest

from order_lookup.claims import proven
from order_lookup.port import Claim
from order_lookup.spoken_names import same_by_sound


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (["真名"], "陈明"),  # zh and ch are a breath apart
        (["成名"], "陈明"),
        (["四斤"], "石金"),
        (["流明"], "刘敏"),
        (["拍书通", "郭疏通"], "郭淑桐"),  # one of the readings is enough
        (["增小明"], "曾晓明"),  # a surname is said as surnames are
        (["尚言"], "单岩"),
        (["alice rogers"], "Alice Rogers"),
        (["harris rogers", "shall is rogers"], "Alice Rogers"),
        (["merry great"], "Mary Gray"),
    ],
)
def test_the_right_name_is_known_by_its_sound(heard: list[str], known: str) -> None:
    assert same_by_sound(heard, known)


@pytest.mark.parametrize(
    ("heard", "known"),
    [
        (["陈明"], "王伟"),
        (["王刚"], "王芳"),  # the same surname is not the same person
        (["王小刚"], "王小芳"),
        (["陈"], "陈明"),  # the surname alone
        (["陈明明"], "陈明"),
        (["明"], "明"),
        (["张"], "张"),
        ([], "陈明"),
        ([""], "陈明"),
        (["alice"], "Alice Rogers"),
        (["james smith"], "Alice Rogers"),
        (["alice walker"], "Alice Rogers"),
        (["rogers"], "Ann"),
        (["yes"], "Li"),
        (["陈明"], "Alice Rogers"),
        (["alice rogers"], "陈明"),
    ],
)
def test_another_name_is_not(heard: list[str], known: str) -> None:
    assert not same_by_sound(heard, known)


def test_a_typed_name_is_compared_as_ever() -> None:
    """Sounds count for what a recogniser wrote; a colleague who types writes letters."""
    assert not proven(Claim(name="真名"), [], ["陈明"], [], None)  # type: ignore[arg-type]
    assert proven(Claim(name="真名", name_heard=("真名",)), [], ["陈明"], [], None)  # type: ignore[arg-type]
    assert not proven(Claim(name_heard=("陈明",)), [], ["陈明"], [], None)  # type: ignore[arg-type]


def test_only_so_many_readings_are_guesses() -> None:
    assert not same_by_sound([*["王伟"] * 20, "陈明"], "陈明")
