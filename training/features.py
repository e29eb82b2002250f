"""Kaldi's MFCCs as vosk will compute them from conf/mfcc.conf."""

from __future__ import annotations

import kaldi_native_fbank as knf
import numpy as np
from numpy.typing import NDArray

from training.utterances import RATE_HZ, Samples

DIMENSION = 40
LOW_HZ, HIGH_HZ = 20, 3800
Features = NDArray[np.float16]


def options() -> knf.MfccOptions:
    """The settings of conf/mfcc.conf; what that file leaves out is Kaldi's default."""
    wanted = knf.MfccOptions()
    wanted.frame_opts.samp_freq, wanted.frame_opts.dither = RATE_HZ, 0.0
    wanted.frame_opts.snip_edges = True
    wanted.mel_opts.num_bins, wanted.mel_opts.low_freq, wanted.mel_opts.high_freq = DIMENSION, LOW_HZ, HIGH_HZ
    wanted.num_ceps, wanted.use_energy = DIMENSION, False
    wanted.cepstral_lifter, wanted.raw_energy, wanted.energy_floor = 22.0, True, 0.0
    return wanted


OPTIONS = options()


def mfcc(samples: Samples) -> Features:
    """Features [frames, 40], one frame per 10 ms."""
    computer = knf.OnlineMfcc(OPTIONS)
    computer.accept_waveform(RATE_HZ, samples.astype(np.float32).tolist())
    computer.input_finished()
    count = computer.num_frames_ready
    if not count:
        return np.zeros((0, DIMENSION), np.float16)
    return np.stack([computer.get_frame(i) for i in range(count)]).astype(np.float16)
