"""An independent server of vosk-server's WebSocket protocol, written from its behaviour and on stock vosk alone.

It shares no code with the hotline: one reply per message; the end only as the exact text `{"eof" : 1}`; a recogniser made with
the first sound; results at vosk's own pauses; no word of probabilities; unknown keys of `config` and the path are ignored.
"""

from __future__ import annotations

import asyncio
import json
import sys
from concurrent.futures import ThreadPoolExecutor

import vosk
import websockets


class Server:
    def __init__(self, model: str) -> None:
        vosk.SetLogLevel(-1)
        self.model, self.pool = vosk.Model(model), ThreadPoolExecutor(2)

    async def conversation(self, socket) -> None:
        decoder, phrases, rate, words, alternatives = None, None, 16000.0, True, 0
        loop = asyncio.get_running_loop()
        while True:
            message = await socket.recv()
            if isinstance(message, str) and "config" in message:
                wish = json.loads(message)["config"]
                phrases = wish.get("phrase_list", phrases)
                rate = float(wish.get("sample_rate", rate))
                words = bool(wish.get("words", words))
                alternatives = int(wish.get("max_alternatives", alternatives))
                continue
            if decoder is None:
                grammar = [json.dumps(phrases, ensure_ascii=False)] if phrases else []
                decoder = vosk.KaldiRecognizer(self.model, rate, *grammar)
                decoder.SetWords(words)
                decoder.SetMaxAlternatives(alternatives)
            reply, last = await loop.run_in_executor(self.pool, self.step, decoder, message)
            await socket.send(reply)
            if last:
                return

    @staticmethod
    def step(decoder, message) -> tuple[str, bool]:
        if message == '{"eof" : 1}':
            return decoder.FinalResult(), True
        if message == '{"reset" : 1}':
            return decoder.FinalResult(), False
        if decoder.AcceptWaveform(message):
            return decoder.Result(), False
        return decoder.PartialResult(), False


async def main(model: str, port: int) -> None:
    async with websockets.serve(Server(model).conversation, "127.0.0.1", port):
        print("ready", flush=True)
        await asyncio.Future()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
