import { randomUUID } from 'node:crypto';
import { uncomparedTexts } from './not-compared';

const PLACEHOLDER = /\$\{([^}]+)\}/g;
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';

/** The values that a replay has met so far, by the name that the recording gives them. */
export class Bindings {
  private bound: Map<string, string>;

  constructor(known: Readonly<Record<string, string>> = {}) {
    this.bound = new Map(Object.entries(known));
  }

  /** A copy to try a comparison with. */
  fork(): Bindings {
    const copy = new Bindings();
    copy.adopt(this);
    return copy;
  }

  /** Takes over what a fork has met. */
  adopt(fork: Bindings): void {
    this.bound = new Map(fork.bound);
  }

  /** The text with every placeholder filled in; one that no answer has bound is an id that the caller chooses. */
  fill(text: string): string {
    return text.replace(PLACEHOLDER, (_, name: string) => {
      const value = this.bound.get(name) ?? randomUUID();
      this.bound.set(name, value);
      return value;
    });
  }

  /** Whether all placeholders of the text have a value. */
  knows(text: string): boolean {
    return [...text.matchAll(PLACEHOLDER)].every(([, name = '']) => this.bound.has(name));
  }

  /**
   * Whether a text is the recorded one: placeholders stand for what they were bound to, an unbound one for a uuid that no other
   * placeholder has and is bound by this; what {@link uncomparedTexts} names may differ.
   */
  agree(recorded: string, here: string): boolean {
    const met: string[] = [];
    const pattern = recorded
      .split(/(\$\{[^}]+\})/)
      .map((part) => {
        const name = /^\$\{([^}]+)\}$/.exec(part)?.[1];
        if (name === undefined) return anyNumber(part);
        const known = this.bound.get(name);
        if (known !== undefined) return escape(known);
        const earlier = met.indexOf(name);
        if (earlier >= 0) return `\\${String(earlier + 1)}`;
        met.push(name);
        return `(${UUID})`;
      })
      .join('');
    const match = new RegExp(`^${pattern}$`, 's').exec(here);
    if (match === null) return false;
    const values = met.map((_, index) => match[index + 1] ?? '');
    const taken = new Set(this.bound.values());
    if (new Set(values).size < values.length || values.some((value) => taken.has(value))) return false;
    for (const [index, name] of met.entries()) this.bound.set(name, values[index] ?? '');
    return true;
  }
}

/** A pattern for the text in which the server's own numbers are any. */
function anyNumber(text: string): string {
  const free: { readonly from: number; readonly to: number; readonly like: string }[] = [];
  for (const { pattern, like } of uncomparedTexts) {
    for (const match of text.matchAll(pattern)) {
      const from = match.index;
      const to = from + match[0].length;
      if (!free.some((other) => from < other.to && other.from < to)) free.push({ from, to, like });
    }
  }
  free.sort((one, other) => one.from - other.from);
  let result = '';
  let at = 0;
  for (const { from, to, like } of free) {
    result += escape(text.slice(at, from)) + like;
    at = to;
  }
  return result + escape(text.slice(at));
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
