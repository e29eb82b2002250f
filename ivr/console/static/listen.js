// Listening in: `<... data-live="ADDRESS">` plays the endless WAV at that address while it is on the page, a second and a half behind.
// An <audio> element would wait for seven seconds of it before it began, and stay as late.
"use strict";
(() => {
  const HEADER_BYTES = 44, FRAME_BYTES = 4, RATE_HZ = 8000;
  // After a gap so much is gathered again; who is later than the second (a laptop that slept) goes on at now.
  const CUSHION_SECONDS = 0.4, LATEST_SECONDS = 3;
  let ready = null, current = null;

  const context = () => {
    try { return new AudioContext({ sampleRate: RATE_HZ }); } catch { return new AudioContext(); }
  };
  // Browsers let a page sound only from a click on.
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-sounds]") && !ready) ready = context();
  }, true);

  const samples = (bytes) => {
    const view = new DataView(bytes.buffer, bytes.byteOffset), frames = bytes.length / FRAME_BYTES;
    const sides = [new Float32Array(frames), new Float32Array(frames)];
    for (let frame = 0; frame < frames; frame += 1) {
      sides.forEach((side, index) => { side[frame] = view.getInt16(frame * FRAME_BYTES + 2 * index, true) / 32768; });
    }
    return sides;
  };

  class Listening {
    constructor(element) {
      this.element = element;
      this.audio = ready || context();
      this.abort = new AbortController();
      this.next = 0;
      ready = null;
    }

    async run() {
      try {
        await this.audio.resume();
        const answer = await fetch(this.element.dataset.live, { signal: this.abort.signal, cache: "no-store" });
        if (answer.ok) await this.follow(answer.body.getReader());
      } catch (fault) {
        if (this.abort.signal.aborted) return;
      }
      // What was scheduled is still heard.
      setTimeout(() => this.element.dispatchEvent(new CustomEvent("over")), Math.max(0, this.next - this.audio.currentTime) * 1000);
    }

    async follow(reader) {
      let waiting = new Uint8Array(0), skip = HEADER_BYTES;
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        const bytes = new Uint8Array(waiting.length + value.length);
        bytes.set(waiting);
        bytes.set(value, waiting.length);
        const whole = skip + Math.max(0, Math.floor((bytes.length - skip) / FRAME_BYTES)) * FRAME_BYTES;
        waiting = bytes.slice(Math.min(whole, bytes.length));
        if (whole <= skip) { waiting = bytes; continue; }
        this.play(samples(bytes.subarray(skip, whole)));
        skip = 0;
      }
    }

    play(sides) {
      const now = this.audio.currentTime;
      if (this.next < now) this.next = now + (this.next ? CUSHION_SECONDS : 0);
      if (this.next - now > LATEST_SECONDS) return;
      const buffer = this.audio.createBuffer(2, sides[0].length, RATE_HZ);
      sides.forEach((side, index) => {
        buffer.copyToChannel(side, index);
        const loudest = side.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
        this.element.style.setProperty(index ? "--right" : "--left", Math.min(1, Math.sqrt(loudest)).toFixed(2));
      });
      const source = this.audio.createBufferSource();
      source.buffer = buffer;
      source.connect(this.audio.destination);
      source.start(this.next);
      this.next += buffer.duration;
      this.element.dataset.seconds = this.next.toFixed(1);
    }

    stop() {
      this.abort.abort();
      this.audio.close();
    }
  }

  setInterval(() => {
    const element = document.querySelector("[data-live]");
    if ((current?.element ?? null) === element) return;
    current?.stop();
    current = element && new Listening(element);
    current?.run();
  }, 200);
})();
