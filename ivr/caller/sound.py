"""Sounds made of samples: level, noise at a signal-to-noise ratio, tones, and the cutting into 20 ms frames. 8 kHz."""

from __future__ import annotations

import wave
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ivr.caller.activity import VOICED_RMS
from ivr.caller.codec import FRAME, RATE, Codec, Samples, rms
from ivr.caller.rtp import Frame
from ivr.errors import AudioFormatError, Place

Noise = Literal["white", "babble"]
# -22 dB below full scale while talking: the usual level of telephone speech (ITU-T P.56, -26 dBov, and a clear talker).
SPEECH_RMS = 2600.0
BACKGROUND_SECONDS = 4


def pcm(sound: npt.NDArray[Any]) -> Samples:
    """A sound as 16-bit samples, cut off at full scale."""
    samples: Samples = np.clip(np.rint(sound), -32768, 32767).astype(np.int16)
    return samples


def levelled(samples: Samples) -> Samples:
    """Speech at the usual level, silence at both ends cut off."""
    blocks = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME)
    loud = np.flatnonzero(np.sqrt(np.mean(blocks.astype(np.float32) ** 2, axis=1)) > VOICED_RMS)
    if not len(loud):
        return samples
    kept = blocks[loud[0] : loud[-1] + 1]
    return pcm(kept.reshape(-1) * (SPEECH_RMS / rms(blocks[loud].reshape(-1))))


def tone(hertz: float, seconds: float) -> Samples:
    """A sine at the level of speech."""
    times = np.arange(int(seconds * RATE)) / RATE
    return pcm(SPEECH_RMS * np.sqrt(2) * np.sin(2 * np.pi * hertz * times))


def tonality(samples: Samples, hertz: float) -> float:
    """Which part of the energy lies within 20 Hz of a frequency, 0 to 1."""
    spectrum = np.abs(np.fft.rfft(samples.astype(np.float32) * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    total = float(spectrum.sum())
    return float(spectrum[np.abs(frequencies - hertz) <= 20].sum()) / total if total else 0.0


@lru_cache(maxsize=16)
def noise(kind: Noise, snr_db: float, seconds: int = BACKGROUND_SECONDS) -> Samples:
    """A loop of noise that lies `snr_db` under speech at the usual level."""
    random = np.random.default_rng(7)
    sound = random.standard_normal(seconds * RATE)
    if kind == "babble":
        # Many voices far away: noise with the spectrum of speech, swelling with the rhythm of syllables.
        spectrum = np.fft.rfft(sound)
        frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
        spectrum *= np.where(frequencies < 100, 0, 1 / (1 + (frequencies / 500) ** 2))
        swell = sum(
            np.sin(2 * np.pi * (rate * np.arange(len(sound)) / RATE + random.random())) for rate in (2.5, 3.75, 5.25)
        )
        sound = np.fft.irfft(spectrum, len(sound)) * (1 + 0.15 * np.asarray(swell))
    level = SPEECH_RMS * 10 ** (-snr_db / 20) / np.sqrt(np.mean(sound**2))
    return pcm(sound * level)


def frames(samples: Samples, codec: Codec, background: Samples | None = None) -> tuple[Frame, ...]:
    """The sound as frames in a codec; voice is judged before noise is added."""
    padded = np.concatenate([samples, np.zeros(-len(samples) % FRAME, np.int16)])
    payload = codec.encode(padded if background is None else added(padded, background))
    levels = np.sqrt(np.mean(padded.reshape(-1, FRAME).astype(np.float32) ** 2, axis=1))
    size = len(payload) // len(levels) if len(levels) else FRAME
    return tuple(Frame(payload[n * size : (n + 1) * size], bool(level > VOICED_RMS)) for n, level in enumerate(levels))


def added(samples: Samples, background: Samples) -> Samples:
    """Both at once; the background goes round."""
    under = np.resize(background, len(samples)).astype(np.int32)
    return pcm(samples + under)


def read_wav(file: Path) -> Samples:
    """An 8 kHz mono 16-bit WAV file; raises AudioFormatError."""
    fix = "convert it: ffmpeg -i in.wav -ar 8000 -ac 1 -sample_fmt s16 out.wav"
    try:
        with wave.open(str(file)) as wav:
            found = (wav.getframerate(), wav.getnchannels(), wav.getsampwidth())
            data = wav.readframes(wav.getnframes())
    except (OSError, EOFError, wave.Error) as fault:
        raise AudioFormatError(f"can't be read as WAV: {fault}", fix, Place(file)) from None
    if found != (RATE, 1, 2):
        raise AudioFormatError(f"is {found[0]} Hz, {found[1]} channels, {8 * found[2]} bits", fix, Place(file))
    return pcm(np.frombuffer(data, "<i2"))


def write_wav(file: Path, *channels: Samples) -> None:
    """Channels of equal or unequal length as one WAV file; shorter ones end in silence."""
    length = max(len(channel) for channel in channels)
    padded = [np.concatenate([channel, np.zeros(length - len(channel), np.int16)]) for channel in channels]
    with wave.open(str(file), "wb") as wav:
        wav.setparams((len(channels), 2, RATE, 0, "NONE", ""))
        wav.writeframes(np.stack(padded, axis=1).astype("<i2").tobytes())
