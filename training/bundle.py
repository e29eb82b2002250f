"""The stage `graph`: a trained network, the lexicon and the language model as a folder that stock vosk loads."""

from __future__ import annotations

import math
import random
from collections import Counter
from pathlib import Path

import torch

from training import kaldi_model
from training.features import DIMENSION, HIGH_HZ, LOW_HZ
from training.graph import PhoneTable, write_grammar, write_hcl
from training.language_model import Trigram
from training.languages import Language, language
from training.languages.english import preload
from training.network import LAYERS, SUBSAMPLING, Network
from training.places import places
from training.profile import Profile
from training.scripts import Writer, random_words, sentence, step_grammars
from training.utterances import RATE_HZ
from training.vocabulary import CHINESE_SPOKEN, ENGLISH_WORD, dialplan_sentences, free_vocabulary, vocabulary

LANGUAGE_MODEL_SENTENCES = 60_000
SENTENCES_PER_TEMPLATE = 15
MFCC_CONF = f"""--sample-frequency={RATE_HZ}
--use-energy=false
--num-mel-bins={DIMENSION}
--num-ceps={DIMENSION}
--low-freq={LOW_HZ}
--high-freq={HIGH_HZ}
--dither=0.0
--allow-downsample=true
"""
MODEL_CONF = f"""--min-active=200
--max-active=3000
--beam=12.0
--lattice-beam=2.0
--acoustic-scale=1.0
--frame-subsampling-factor={SUBSAMPLING}
--endpoint.silence-phones=1
--endpoint.rule1.min-trailing-silence=30
--endpoint.rule2.min-trailing-silence=20
--endpoint.rule3.min-trailing-silence=20
--endpoint.rule4.min-trailing-silence=20
--endpoint.rule5.min-utterance-length=120
"""
"""The end of an utterance is the application's decision (it knows the pattern it waits for), hence rules that seldom fire."""


def export_network(profile: Profile, checkpoint: Path, folder: Path) -> None:
    """Writes am/final.mdl and conf/."""
    speaks = language(profile.language)
    state = torch.load(checkpoint, weights_only=True)["network"]
    network = Network(2 * (len(speaks.phones) + 1), len(state["norms.0.weight"]))
    network.load_state_dict(state)
    network.eval()
    kaldi_model.write(folder / "am" / "final.mdl", PhoneTable(speaks.phones).outputs, network.affines())
    (folder / "conf").mkdir(parents=True, exist_ok=True)
    (folder / "conf" / "mfcc.conf").write_text(MFCC_CONF)
    (folder / "conf" / "model.conf").write_text(MODEL_CONF)
    assert LAYERS[0][0] < 0 < LAYERS[0][-1]


def lexicon(speaks: Language) -> dict[str, list[tuple[str, ...]]]:
    """Every word the model knows with its pronunciations; what cannot be pronounced is left out."""
    words = vocabulary(speaks.code)
    if speaks.code == "en":
        preload(words, places().work / "en" / "transcripts.json")
    pronounced = {word: speaks.pronunciations(word) for word in words}
    return {word: found for word, found in pronounced.items() if found}


def phone_costs(speaks: Language, seed: int = 5) -> dict[str, float]:
    """How unlikely each phone is in words at random: what `[unk]` pays per phone."""
    random_ = random.Random(seed)
    counts: Counter[str] = Counter(speaks.phones)
    for word in random_.sample(random_words(speaks.code), 3000):
        script = speaks.script("words", [word], random_)
        counts.update(p for phones in (script.phones if script else ()) for p in phones)
    total = sum(counts.values())
    return {p: -math.log(counts[p] / total) for p in speaks.phones}


def training_sentences(speaks: Language) -> list[list[str]]:
    """What the language model learns: random hotline sentences, and the dialplans' own words several times over."""
    random_ = random.Random(11)
    writer = Writer(speaks, free_vocabulary(speaks.code))
    texts = [sentence(speaks.code, random_) for _ in range(LANGUAGE_MODEL_SENTENCES)]
    texts += dialplan_sentences(speaks.code, SENTENCES_PER_TEMPLATE, random_)
    pattern, joint = (CHINESE_SPOKEN, "") if speaks.code == "zh" else (ENGLISH_WORD, " ")
    pieces = [joint.join(pattern.findall(t.lower())) for t in texts]
    sentences = [writer.words(piece) for piece in pieces if piece]
    phrases = [p for phrases in step_grammars(speaks.code).values() for p in phrases]
    sentences += [writer.words(p) for p in phrases] * 20
    return [s for s in sentences if s]


def build_graph(profile: Profile, folder: Path) -> dict[str, int]:
    """Writes graph/ (needs no network and no training data); returns the word numbers."""
    speaks = language(profile.language)
    words = lexicon(speaks)
    numbers = write_hcl(folder / "graph", PhoneTable(speaks.phones), words, phone_costs(speaks), profile.decoding)
    free = [w for w in free_vocabulary(speaks.code) if w in words]
    known = set(free)
    sentences = [s for s in training_sentences(speaks) if all(w in known for w in s)]
    write_grammar(folder / "graph" / "Gr.fst", Trigram(sentences, free).acceptor(numbers))
    return numbers
