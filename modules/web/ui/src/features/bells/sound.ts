// One soft strike of a small bell: a few partials that fade, made here instead of a recording.
const partials = [
  [1, 0.5],
  [2.01, 0.25],
  [2.76, 0.14],
  [5.4, 0.06],
] as const;
const pitch = 784;
const seconds = 0.9;

let context: AudioContext | null = null;

/** Silent where the browser wants a click first. */
export function strike(): void {
  try {
    context ??= new AudioContext();
    const now = context.currentTime;
    const volume = context.createGain();
    volume.gain.value = 0.25;
    volume.connect(context.destination);
    for (const [ratio, loudness] of partials) {
      const tone = context.createOscillator();
      const fade = context.createGain();
      tone.frequency.value = pitch * ratio;
      fade.gain.setValueAtTime(loudness, now);
      fade.gain.exponentialRampToValueAtTime(0.0001, now + seconds / Math.sqrt(ratio));
      tone.connect(fade).connect(volume);
      tone.start(now);
      tone.stop(now + seconds);
    }
  } catch {
    // No sound device, no sound.
  }
}
