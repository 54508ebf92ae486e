import type { TextStream } from './command-context';

/** How a run is shown as it goes: as a picture on a terminal, as lines anywhere else. */

/** Draws over what it drew before. */
export class RedrawnPicture {
  #height = 0;

  constructor(readonly stream: TextStream) {}

  draw(lines: readonly string[]): void {
    const width = this.stream.columns ?? 80;
    // A line that wrapped would take two rows, and the next picture would leave one of them behind.
    const cut = lines.map((line) => line.slice(0, width - 1));
    const up = this.#height > 0 ? `\u001b[${String(this.#height)}A` : '';
    this.stream.write(`${up}${cut.map((line) => `\u001b[2K${line}\n`).join('')}\u001b[0J`);
    this.#height = cut.length;
  }
}

/** Writes a line when what it stands for has changed. */
export class ChangeLog {
  readonly #shown = new Map<string, string>();

  constructor(readonly stream: TextStream) {}

  line(name: string, state: string, text: string): void {
    if (this.#shown.get(name) === state) return;
    this.#shown.set(name, state);
    this.stream.write(`${text}\n`);
  }

  /** Lines about what is in the way, each once: waiting times change with every look, what is waited for does not. */
  hindrances(lines: readonly string[]): void {
    for (const line of lines) {
      const text = line.trim().replace(/ \(next try in .*\)$| (waits|runs again), try \d+/g, '');
      this.line(`hindrance ${text}`, text, text);
    }
  }
}
