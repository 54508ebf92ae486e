import type { Bindings } from './bindings';
import { parseBody } from './caller';
import type { Reply } from './caller';
import { uncomparedFields } from './not-compared';
import { isFields } from './recording';
import type { Fields, Step } from './recording';

/** What an answer was held to and did not meet. */
export interface Difference {
  readonly kind:
    | 'status'
    | 'content type'
    | 'x-description'
    | 'body key'
    | 'missing field'
    | 'added field'
    | 'count of rows'
    | 'value'
    | 'text';
  /** where in the answer, e.g. `volume[0].state` */
  readonly path: string;
  readonly recorded: string;
  readonly here: string;
}

/** Everything in which an answer differs from the recorded one. Binds the placeholders that it meets first. */
export function compareAnswer(step: Step, reply: Reply, bindings: Bindings): Difference[] {
  const differences: Difference[] = [];
  const add = (kind: Difference['kind'], path: string, recorded: unknown, here: unknown): void => {
    differences.push({ kind, path, recorded: show(recorded), here: show(here) });
  };
  if (step.status !== reply.status)
    add('status', 'status', step.status, `${String(reply.status)} ${reply.text.slice(0, 300)}`);
  if (step.contentType !== reply.contentType) add('content type', 'content-type', step.contentType, reply.contentType);
  const comparison = new Comparison(bindings, add);
  const recorded = step.body ?? (step.text === undefined ? undefined : parseBody(step.text));
  if (recorded === undefined) {
    if (!bindings.agree(step.text ?? '', reply.text)) add('text', 'text', step.text, reply.text.slice(0, 300));
  } else comparison.bodies(recorded, reply.body);
  if (step.xDescription === undefined || reply.xDescription === undefined) {
    if (step.xDescription !== reply.xDescription)
      add('x-description', 'x-description', step.xDescription, reply.xDescription);
  } else if (!bindings.agree(step.xDescription, latin1AsUtf8(reply.xDescription))) {
    add('x-description', 'x-description', step.xDescription, reply.xDescription);
  }
  return differences;
}

/** Compares two trees, telling `add` of each difference. */
class Comparison {
  constructor(
    private readonly bindings: Bindings,
    private readonly add: (kind: Difference['kind'], path: string, recorded: unknown, here: unknown) => void,
  ) {}

  bodies(recorded: unknown, here: unknown): void {
    const keys = (tree: unknown): string => (isFields(tree) ? Object.keys(tree).join(', ') : show(tree));
    if (keys(recorded) !== keys(here) || !isFields(recorded) || !isFields(here)) {
      this.add('body key', 'body', keys(recorded), keys(here));
      return;
    }
    for (const [key, value] of Object.entries(recorded)) this.values(value, here[key], '');
  }

  private values(recorded: unknown, here: unknown, path: string): void {
    if (Array.isArray(recorded) && Array.isArray(here)) this.lists(recorded, here, path);
    else if (isFields(recorded) && isFields(here)) this.fields(recorded, here, path);
    else if (typeof recorded === 'string' && typeof here === 'string') {
      if (!this.bindings.agree(recorded, here)) this.add('value', path, recorded, here);
    } else if (recorded !== here) this.add('value', path, recorded, here);
  }

  private fields(recorded: Fields, here: Fields, path: string): void {
    const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
    for (const name of Object.keys(here)) {
      if (!(name in recorded)) this.add('added field', at(name), undefined, here[name]);
    }
    for (const [name, value] of Object.entries(recorded)) {
      if (!(name in here)) this.add('missing field', at(name), value, undefined);
      else if (name in uncomparedFields) this.kindOnly(name, value, here[name], at(name));
      else this.values(value, here[name], at(name));
    }
  }

  private kindOnly(name: string, recorded: unknown, here: unknown, path: string): void {
    const form = uncomparedFields[name]?.form;
    const formed = form === undefined || !form.test(String(recorded)) || form.test(String(here));
    if (typeof recorded !== typeof here || !formed) this.add('value', path, recorded, here);
    // A placeholder that is met here first may be met again where it counts.
    else if (typeof recorded === 'string' && typeof here === 'string') this.bindings.agree(recorded, here);
  }

  private lists(recorded: readonly unknown[], here: readonly unknown[], path: string): void {
    if (recorded.length !== here.length) {
      const more = `${String(here.length)} (${here.map(nameOf).join(', ')})`;
      this.add('count of rows', path, `${String(recorded.length)} (${recorded.map(nameOf).join(', ')})`, more);
    }
    const partners = this.partners(recorded, here.slice());
    for (const [index, row] of recorded.entries()) {
      const partner = partners[index];
      if (partner !== undefined) this.values(row, partner, `${path}[${String(index)}]`);
    }
  }

  /**
   * Which row here stands for which recorded one: the same place, except that rows recorded with one date (or with none) may
   * stand in any order among themselves.
   */
  private partners(recorded: readonly unknown[], here: readonly unknown[]): unknown[] {
    const free = new Set(here.keys());
    return recorded.map((row, index) => {
      const places = [...free].filter((place) => place < recorded.length && dateOf(recorded[place]) === dateOf(row));
      const first = free.has(index) ? [index, ...places] : places;
      const place = first.find((candidate) => this.agree(row, here[candidate])) ?? this.nearest(row, here, first);
      if (place === undefined) return undefined;
      free.delete(place);
      return here[place];
    });
  }

  /** The place of the row that differs least, so that what is told is what really differs. */
  private nearest(row: unknown, here: readonly unknown[], places: readonly number[]): number | undefined {
    const ranked = places.map((place) => ({ place, differences: this.count(row, here[place]) }));
    return ranked.sort((one, other) => one.differences - other.differences)[0]?.place;
  }

  private agree(recorded: unknown, here: unknown): boolean {
    return this.count(recorded, here) === 0;
  }

  private count(recorded: unknown, here: unknown): number {
    let count = 0;
    new Comparison(this.bindings.fork(), () => (count += 1)).values(recorded, here, '');
    return count;
  }
}

function dateOf(row: unknown): unknown {
  return isFields(row) ? row['created'] : undefined;
}

function nameOf(row: unknown): string {
  return isFields(row) ? show(row['name'] ?? row['id'] ?? row['key']) : show(row);
}

function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Header bytes come as Latin-1; the server writes UTF-8. */
function latin1AsUtf8(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}
