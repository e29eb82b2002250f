"""Collections that are described in a file: what is said in which recording, by whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.recordings import of_collections, sources

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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    return tmp_path


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
