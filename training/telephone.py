"""What a call does to speech: rooms, microphones, noise, the telephone band, µ-law, lost packets."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from scipy import signal

from training.sound import Wave, resample, to_samples
from training.utterances import RATE_HZ, Samples

PACKET = RATE_HZ // 50
DTMF_ROWS, DTMF_COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
CALL_TONES = ((440,), (440, 480), (350, 440), (450,), (425,), (480, 620), (1400,), (950, 1400, 1800))


def mu_law(wave: Wave) -> Wave:
    """The wave through G.711 µ-law's 8 bits and back (continuous curve, ITU-T G.711 within a quantising step)."""
    small = np.sign(wave) * np.log1p(255 * np.abs(np.clip(wave, -1, 1))) / np.log(256)
    rounded = np.round(small * 127) / 127
    result: Wave = np.sign(rounded) * np.expm1(np.abs(rounded) * np.log(256)) / 255
    return result


def telephone_band(wave: Wave, low_hz: float = 300, high_hz: float = 3400) -> Wave:
    """The wave as an old telephone network passes it."""
    result: Wave = signal.sosfilt(
        signal.butter(3, [low_hz, min(high_hz, 3950)], "band", fs=RATE_HZ, output="sos"), wave
    )
    return result


def noise(random_: random.Random, count: int) -> Wave:
    """`count` samples of white, brown or randomly coloured noise, now and then with a slow swell, of unit variance."""
    generator = np.random.default_rng(random_.randrange(1 << 30))
    wave = generator.standard_normal(count)
    kind = random_.random()
    if kind > 0.7:
        gains = [10 ** (random_.uniform(-25, 0) / 20) for _ in range(6)]
        wave = signal.lfilter(signal.firwin2(65, np.linspace(0, 1, 6), gains), 1, wave)
    elif kind > 0.3:
        wave = signal.lfilter([1], [1, -random_.uniform(0.8, 0.98)], wave)
    if random_.random() < 0.3:
        wave = wave * (1 + 0.8 * np.sin(2 * np.pi * random_.uniform(0.1, 6) * np.arange(count) / RATE_HZ))
    result: Wave = wave / (wave.std() + 1e-9)
    return result


def music(random_: random.Random, count: int) -> Wave:
    """`count` samples of chords and melody notes with harmonics and decay, as of music on hold."""
    wave = np.zeros(count)
    at, beat = 0, int(RATE_HZ * random_.uniform(0.12, 0.5))
    root = random_.uniform(98, 300)
    while at < count:
        length = min(count - at, beat * random_.choice([1, 1, 2, 4]))
        seconds = np.arange(length) / RATE_HZ
        for _ in range(random_.choice([1, 2, 3, 4])):
            pitch = root * 2 ** (random_.choice([0, 2, 4, 5, 7, 9, 11, 12, 16, 19]) / 12)
            decay = np.exp(-seconds * random_.uniform(0.5, 8))
            for harmonic in range(1, random_.randint(2, 7)):
                if pitch * harmonic < 3900:
                    wave[at : at + length] += decay * np.sin(2 * np.pi * pitch * harmonic * seconds) / harmonic
        if random_.random() < 0.4:
            drum = np.random.default_rng(random_.randrange(1 << 30)).standard_normal(length)
            wave[at : at + length] += drum * np.exp(-seconds * random_.uniform(15, 60))
        at += length
    result: Wave = wave / (wave.std() + 1e-9)
    return result


def tones(random_: random.Random, count: int) -> Wave:
    """`count` samples of ringback, busy and information tones or of keys being pressed."""
    seconds = np.arange(count) / RATE_HZ
    wave = np.zeros(count)
    if random_.random() < 0.5:
        period, on = random_.choice([0.2, 0.5, 0.7, 1, 3, 4, 6]), random_.uniform(0.2, 1)
        for hertz in random_.choice(CALL_TONES):
            wave += np.sin(2 * np.pi * hertz * seconds)
        return wave * ((seconds % period) < on * period)
    at = 0
    while at < count:
        length = int(random_.uniform(0.04, 0.4) * RATE_HZ)
        piece = seconds[at : at + length]
        for hertz in (random_.choice(DTMF_ROWS), random_.choice(DTMF_COLUMNS)):
            wave[at : at + length] += np.sin(2 * np.pi * hertz * piece)
        at += length + int(random_.uniform(0.04, 0.6) * RATE_HZ)
    return wave


def clicks(random_: random.Random, count: int) -> Wave:
    """`count` samples of bangs, knocks and breaths: short bursts with decay."""
    wave = np.zeros(count)
    generator = np.random.default_rng(random_.randrange(1 << 30))
    for _ in range(random_.randint(1, 12)):
        length = int(random_.uniform(0.003, 0.35) * RATE_HZ)
        at = random_.randrange(max(1, count - length))
        colour = signal.lfilter([1], [1, -random_.uniform(-0.5, 0.95)], generator.standard_normal(length))
        wave[at : at + length] += (colour * np.exp(-np.arange(length) / length * random_.uniform(1, 6)))[: count - at]
    return wave * random_.uniform(0.3, 2)


def no_speech(random_: random.Random) -> Samples:
    """Some seconds in which nobody speaks: noise, music, tones, clicks or nothing at all."""
    count = int(random_.uniform(0.8, 5) * RATE_HZ)
    level = 10 ** (random_.uniform(-75, -30) / 20)
    wave = noise(random_, count) * level * (random_.random() < 0.85)
    kind = random_.random()
    loud = 10 ** (random_.uniform(-40, -10) / 20)
    if kind < 0.3:
        wave += music(random_, count) * loud * 0.5
    elif kind < 0.6:
        wave += tones(random_, count) * loud
    elif kind < 0.8:
        wave += clicks(random_, count) * loud
    if random_.random() < 0.5:
        wave = mu_law(wave)
    return to_samples(wave)


def long_no_speech(random_: random.Random) -> Samples:
    """Music or call tones for as long as somebody on hold hears them, with next to nothing behind."""
    count = int(random_.uniform(3, 10) * RATE_HZ)
    wave = (tones if random_.random() < 0.6 else music)(random_, count) * 10 ** (random_.uniform(-36, -10) / 20)
    wave += noise(random_, count) * 10 ** (random_.uniform(-90, -45) / 20)
    return to_samples(mu_law(wave))


def equalise(random_: random.Random, wave: Wave) -> Wave:
    """The wave through a random microphone: gains of up to ±9 dB over the band."""
    gains = 10 ** (np.array([random_.uniform(-9, 9) for _ in range(8)]) / 20)
    result: Wave = signal.lfilter(signal.firwin2(65, np.linspace(0, 1, 8), gains), 1, wave)
    return result


def room(random_: random.Random, wave: Wave) -> Wave:
    """The wave in a small room: a decaying noise tail."""
    count = int(random_.uniform(0.05, 0.35) * RATE_HZ)
    tail = np.random.default_rng(random_.randrange(1 << 30)).standard_normal(count)
    tail *= np.exp(-6.9 * np.arange(count) / count) * random_.uniform(0.02, 0.12)
    tail[0] = 1
    result: Wave = signal.fftconvolve(wave, tail)[: len(wave)]
    return result


def lose_packets(random_: random.Random, wave: Wave, share: float) -> Wave:
    """The wave with about `share` of its 20 ms packets lost: silence, or the last packet again and quieter."""
    result = wave.copy()
    for at in range(0, len(wave), PACKET):
        if random_.random() < share:
            conceal = random_.random() < 0.5 and at >= PACKET and at + PACKET <= len(wave)
            result[at : at + PACKET] = result[at - PACKET : at] * 0.7 if conceal else 0
    return result


def power(wave: Wave) -> float:
    """Root mean square of the louder half of the wave, so that pauses do not count."""
    squares = np.sort(wave**2)
    return float(np.sqrt(squares[len(squares) // 2 :].mean() + 1e-12))


def augment(random_: random.Random, samples: Samples, others: Sequence[Samples]) -> Samples:
    """One random call around the speech; `others` are utterances to babble in the background."""
    wave = resample(samples.astype(np.float64) / 32768, random_.uniform(0.9, 1.12))
    before, after = random_.choice([0.03, random_.uniform(0, 0.9)]), random_.choice([0.06, random_.uniform(0.1, 0.9)])
    wave = np.concatenate([np.zeros(int(before * RATE_HZ)), wave, np.zeros(int(after * RATE_HZ))])
    if random_.random() < 0.7:
        wave = equalise(random_, wave)
    if random_.random() < 0.4:
        wave = telephone_band(wave, random_.uniform(150, 350), random_.uniform(3100, 3800))
    if random_.random() < 0.3:
        wave = room(random_, wave)
    level = power(wave)
    if random_.random() < 0.75:
        background = music(random_, len(wave)) if random_.random() < 0.1 else noise(random_, len(wave))
        wave = wave + background * level * 10 ** (-random_.uniform(3, 35) / 20)
    if random_.random() < 0.15:
        babble = np.resize(random_.choice(others).astype(np.float64), len(wave))
        wave = wave + babble / (babble.std() + 1e-9) * level * 10 ** (-random_.uniform(12, 30) / 20)
    wave = wave / (np.abs(wave).max() + 1e-9) * 10 ** (random_.uniform(-30, 3) / 20)
    if random_.random() < 0.12:
        wave = lose_packets(random_, wave, random_.uniform(0.01, 0.1))
    if random_.random() < 0.6:
        wave = mu_law(wave)
    return to_samples(wave)
