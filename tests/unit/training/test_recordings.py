"""Collections that are described in a file: what is said in which recording, by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.languages import language
from training.recordings import digits_of, of_collections, of_many_digits, sources, split_of

FILES = {
    "HanTTS/syllables/jiu3.wav": "",
    "HanTTS/syllables/yao1.wav": "",
    "HanTTS/syllables/a.wav": "",
    "Speech-Number-Recognition/resource/7.wav": "",
    "Speech-Number-Recognition/history/4_8ba878.wav": "",
    "Speech-Number-Recognition/resource/test_17.wav": "",
    "SpeechRecognition/data/train/digit_3/digit_3_sample_01.wav": "",
    "SpeechRecognition/data/test/digit_3/digit_3.wav": "",
    "ASR_TalkingClock/CN_Recordings/CN_FM/CN_FM_m5.wav": "",
    "ASR_TalkingClock/CN_Recordings/CN_M/CN_M_m42.wav": "",
    "ASR_TalkingClock/CN_Recordings/CN_M/CN_M_am2.wav": "",
    "Talking_Clock_YU_CHEN_HUANG/Chinese_audio/10.wav": "",
    "sample/AISHELL_Sample_data/BAC009S0150W0001.wav": "",
    "sample/AISHELL_Sample_data/BAC009S0150W0001.txt": "想听 歌曲",
    "sample/AISHELL_Sample_data/BAC009S0252W0002.wav": "",
    "samples/aishell3/metadata_hanzi.csv": "wav/SSB00090181.wav\t那很不明智\tSSB0009\n",
    "samples/aishell3/wav/SSB00090181.wav": "",
    "samples/aishell3/wav/SSB00110401.wav": "",
    "measured/DSP_experiment/experiment23/num_sound/3_4_1_0.wav": "",
    "2020-Fall/DSP/homework3/DTW/SpeechData/p7/3.wav": "",
}
ENGLISH = {
    "fsdd/7_lucas_3.wav": "",
    "fsdd/7_theo_3.wav": "",
    "zero/0_36_9.wav": "",
    "zero/0_12_9.wav": "",
    "x/speech_commands_v0.01/zero/2f813234_nohash_1.wav": "",
    "x/MLTK_keyworkSpotting/dataset/_unknown_/six_f9af0887_nohash_0.wav.wav": "",
    "x/MLTK_keyworkSpotting/dataset/yes/022cd682_nohash_0.wav": "",
    "ASR_TalkingClock/EN_Recordings/EN_FM/EN_FM_m42.wav": "",
    "ASR_TalkingClock/EN_Recordings/EN_FM/EN_FM_h12 noon.wav": "",
    "talking-clock/EnglishAudio/minute_05.wav": "",
    "talking-clock/EnglishAudio/hour_05.wav": "",
    "en_US_f_Allison/one-moment-please.wav": "",
    "en_US_f_Allison/one-moment-please.txt": "One moment, please.",
    "en_US_f_Allison/digits/1.wav": "",
    "en_US_f_Allison/digits/1.txt": "one",
    "en_US_f_Allison/vm-press.wav": "",
    "en_US_f_Allison/vm-press.txt": "Press 1 to hear it.",
    "en_US_f_Allison/letters/b.wav": "",
    "en_US_f_Allison/letters/b.txt": "b",
    "measured/audio-mnist-with-person-detection/recordings/4_yogesh_1.wav": "",
}


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return written(tmp_path, FILES)


@pytest.fixture
def english(tmp_path: Path) -> Path:
    return written(tmp_path, ENGLISH)


def test_what_is_said_comes_from_names_and_texts(folder: Path) -> None:
    assert {(source.speaker, "".join(source.words)) for source in sources("zh", folder)} == {
        ("hantts/one", "九"),
        ("hantts/one", "幺"),
        ("number/one", "七"),
        ("number/one", "四"),
        ("zerohour/one", "三"),
        ("minutes/FM", "零五分"),
        ("minutes/M", "四十二分"),
        ("clock/one", "十"),
        ("aishell-1/S0150", "想听歌曲"),
        ("aishell-3/SSB0009", "那很不明智"),
    }


def test_zero_is_also_put_together_with_the_glide_of_the_north(tmp_path: Path) -> None:
    names = ("ling2", "li2", "leng2", "liu4")
    folder = written(tmp_path, {f"HanTTS/syllables/{name}.wav": "" for name in names} | {"cmn-li2.mp3": ""})

    zeros = [(s.speaker, s.path.stem, s.begins and s.begins.stem) for s in sources("zh", folder) if s.words == ("零",)]

    assert zeros == [("hantts/one", "ling2", None), ("hantts/one", "leng2", "li2")]  # cmn-leng2 is missing


def test_sentences_are_cut_into_words_the_dictionary_can_read(folder: Path) -> None:
    (sentence,) = (source for source in sources("zh", folder) if source.speaker == "aishell-1/S0150")
    assert sentence.words == ("想", "听", "歌曲")


def test_people_without_a_licence_are_measured_and_never_learnt_from(folder: Path) -> None:
    assert [(source.speaker, source.words) for source in sources("zh", folder, measured=True)] == [
        ("dsp-experiment/3", ("四",)),
        ("fall-one/one", ("三",)),
    ]
    assert not any(source.speaker.startswith("fall") for source in sources("zh", folder))


def test_the_recipe_finds_them_for_mandarin_alone(folder: Path) -> None:
    assert len(of_collections(sources("zh", folder), ["hantts", "clock"])) == 3
    assert sources("en", folder) == []


def test_english_words_come_from_names_numbers_and_prompts(english: Path) -> None:
    assert {(source.speaker, " ".join(source.words), source.voice) for source in sources("en", english)} == {
        ("fsdd/lucas", "seven", "man"),
        ("fsdd/theo", "seven", "man"),
        ("audiomnist/36", "zero", "woman"),
        ("audiomnist/12", "zero", "woman"),
        ("speech-commands/2f813234", "zero", "man"),
        ("speech-commands/f9af0887", "six", "man"),
        ("commands/022cd682", "yes", "man"),
        ("hours/FM", "forty two", "woman"),
        ("american-clock/one", "oh five", "woman"),
        ("american-clock/one", "five", "woman"),
        ("prompts/allison-smith", "one moment please", "woman"),
        ("prompts/allison-smith", "one", "woman"),
    }
    assert [source.speaker for source in sources("en", english, measured=True)] == ["person-detection/yogesh"]


def test_speakers_a_collection_keeps_for_tests_are_not_learnt_from(english: Path) -> None:
    tested = {s.speaker for s in sources("en", english) if split_of(s, {"test": ["theo"]}, 0) == "test"}

    assert tested == {"fsdd/lucas", "fsdd/theo", "audiomnist/36", "speech-commands/2f813234", "commands/022cd682"}


def test_a_sentence_that_begins_with_a_digit_is_none(english: Path) -> None:
    said = {" ".join(s.words) for s in digits_of(language("en"), sources("en", english))}

    assert said == {"zero", "one", "five", "six", "seven"}


def test_strings_are_put_together_only_from_people_who_said_several_digits(english: Path) -> None:
    digits = digits_of(language("en"), sources("en", english))

    assert of_many_digits(digits) == []
    assert {s.speaker for s in of_many_digits(digits, least=1)} == {s.speaker for s in digits}
