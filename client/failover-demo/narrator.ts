/** Tells a story to a person: stages with their times, and lines with the moment and the VM that they are about. */
export class Narrator {
  readonly #write: (line: string) => void;
  readonly #began = Date.now();
  readonly #phases = new Map<string, string>();
  #stage = 0;

  constructor(write: (line: string) => void) {
    this.#write = write;
  }

  /** seconds since the story began */
  get seconds(): number {
    return Math.round((Date.now() - this.#began) / 100) / 10;
  }

  /** Begins the next stage, of so many. */
  stage(title: string, of: number): void {
    this.#stage += 1;
    this.#phases.clear();
    this.#write('');
    this.#write(`${String(this.#stage)} of ${String(of)}. ${title}`);
  }

  /** What has happened just now, to a VM or to all. */
  event(text: string, vmName = ''): void {
    this.#write(`  ${this.seconds.toFixed(1).padStart(6)} s  ${vmName === '' ? '' : `${vmName}: `}${text}`);
  }

  /** What a VM's run does now; said only when it is not what was said of it last. */
  phase(text: string, vmName: string): void {
    if (this.#phases.get(vmName) === text) return;
    this.#phases.set(vmName, text);
    this.event(text, vmName);
  }

  /** Lines that belong to what was said last. */
  block(lines: readonly string[], indent = 12): void {
    for (const line of lines) this.#write(`${' '.repeat(indent)}${line}`);
  }

  line(text = ''): void {
    this.#write(text);
  }
}
