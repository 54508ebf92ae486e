import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Appearance } from './guest';

const milliseconds = z.number().int().min(0);

const matchFields = {
  /** command it applies to; left out: any */
  command: z.string().optional(),
  /** regular expression over the volume's name */
  volumeName: z.string().refine(isExpression, 'a regular expression').optional(),
  volumeId: z.string().optional(),
  virtualMachineId: z.string().optional(),
  /** account of the caller */
  account: z.string().optional(),
  /** matching calls that are let through first */
  skip: z.number().int().min(0).default(0),
  /** calls it applies to; null until it is removed */
  times: z.number().int().min(1).nullable().default(1),
};

const failure = {
  code: z.number().int().min(400).max(599).default(530),
  text: z.string().default('Simulated failure'),
};

/** One fault, as it is set over the control endpoint (docs/simulator.md has the table). */
export const faultSchema = z.discriminatedUnion('kind', [
  /** the call is refused, nothing is done */
  z.strictObject({
    ...matchFields,
    ...failure,
    kind: z.literal('refuse'),
    exceptionCode: z.number().int().default(4250),
  }),
  /** the job fails where the hypervisor would have acted or, in a first attach, where the storage would have */
  z.strictObject({
    ...matchFields,
    ...failure,
    kind: z.literal('fail-job'),
    where: z.enum(['hypervisor', 'storage']).default('hypervisor'),
  }),
  z.strictObject({
    ...matchFields,
    kind: z.literal('delay'),
    ms: milliseconds,
    /** before the call is looked at, before its answer is sent, or the hypervisor's or storage's work */
    where: z.enum(['request', 'answer', 'work']).default('answer'),
  }),
  /** the effect comes, the answer does not: the connection is cut */
  z.strictObject({ ...matchFields, kind: z.literal('drop-answer') }),
  /** the connection is cut, nothing was done */
  z.strictObject({ ...matchFields, kind: z.literal('drop-request') }),
  /** attach: the by-id link appears this much later than the device, or (device) the device itself */
  z.strictObject({
    ...matchFields,
    kind: z.literal('late-link'),
    ms: milliseconds,
    device: z.boolean().default(false),
  }),
  /** attach: the by-id link, or (device) the device itself, never appears */
  z.strictObject({ ...matchFields, kind: z.literal('no-link'), device: z.boolean().default(false) }),
  /** attach: the by-id link points to another device */
  z.strictObject({ ...matchFields, kind: z.literal('wrong-link') }),
  /**
   * What the server says and what the hypervisor does differ. Attach: the job fails, the volume is Ready and detached, and the
   * disk appears in the guest after `ms`. Detach with `job: fail` (the default): the job fails, the volume stays attached,
   * and the disk goes after `ms`; with `job: succeed`: the volume is detached and the disk stays plugged.
   */
  z.strictObject({
    ...matchFields,
    ...failure,
    kind: z.literal('ghost'),
    ms: milliseconds.default(0),
    job: z.enum(['fail', 'succeed']).default('fail'),
  }),
  /** nobody answers for a time, whatever is asked: HTML 503, or nothing listens */
  z.strictObject({ kind: z.literal('unavailable'), ms: milliseconds, how: z.enum(['503', 'refused']).default('503') }),
]);

export type FaultSettings = z.input<typeof faultSchema>;
type Fault = z.output<typeof faultSchema>;
type MatchedFault = Exclude<Fault, { kind: 'unavailable' }>;
type FaultOf<Kind extends MatchedFault['kind']> = Extract<MatchedFault, { kind: Kind }>;

/** What a call is about, for matching. */
export interface CallSubject {
  readonly command: string;
  readonly account: string;
  readonly volumeName?: string | undefined;
  readonly volumeId?: string | undefined;
  readonly virtualMachineId?: string | undefined;
}

interface ArmedFault {
  readonly id: string;
  readonly fault: MatchedFault;
  skip: number;
  left: number | null;
  hits: number;
}

/** The faults that one call met. They go with the call into its job. */
export class MetFaults {
  constructor(private readonly met: readonly MatchedFault[]) {}

  get<Kind extends MatchedFault['kind']>(kind: Kind): FaultOf<Kind> | undefined {
    return this.met.find((fault): fault is FaultOf<Kind> => fault.kind === kind);
  }

  delayMs(where: 'request' | 'answer' | 'work'): number {
    let sum = 0;
    for (const fault of this.met) if (fault.kind === 'delay' && fault.where === where) sum += fault.ms;
    return sum;
  }

  /** How a disk that is plugged now shows itself in the guest. */
  get appearance(): Appearance {
    const late = this.get('late-link');
    const none = this.get('no-link');
    return {
      ...(late !== undefined && (late.device ? { deviceDelayMs: late.ms } : { linkDelayMs: late.ms })),
      ...(none !== undefined && (none.device ? { deviceDelayMs: null } : { linkDelayMs: null })),
      ...(this.get('wrong-link') !== undefined && { wrongLink: true }),
    };
  }
}

/** The fault switches that are on. */
export class Faults {
  private armed: ArmedFault[] = [];

  add(fault: MatchedFault): string {
    const id = randomUUID();
    this.armed.push({ id, fault, skip: fault.skip, left: fault.times, hits: 0 });
    return id;
  }

  remove(id: string): boolean {
    const before = this.armed.length;
    this.armed = this.armed.filter((armed) => armed.id !== id);
    return this.armed.length < before;
  }

  clear(): void {
    this.armed = [];
  }

  list(): { id: string; fault: Fault; left: number | null; hits: number }[] {
    return this.armed.map(({ id, fault, left, hits }) => ({ id, fault, left, hits }));
  }

  /** Uses up one call of every fault that matches. Used-up faults stay listed, with their hits, until they are removed. */
  meet(subject: CallSubject): MetFaults {
    const met: MatchedFault[] = [];
    for (const armed of this.armed) {
      if (armed.left === 0 || !matches(armed.fault, subject)) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      if (armed.left !== null) armed.left -= 1;
      armed.hits += 1;
      met.push(armed.fault);
    }
    return new MetFaults(met);
  }
}

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function matches(fault: MatchedFault, subject: CallSubject): boolean {
  if (fault.command !== undefined && fault.command !== subject.command) return false;
  if (fault.account !== undefined && fault.account !== subject.account) return false;
  if (fault.volumeId !== undefined && fault.volumeId !== subject.volumeId) return false;
  if (fault.virtualMachineId !== undefined && fault.virtualMachineId !== subject.virtualMachineId) return false;
  return fault.volumeName === undefined || new RegExp(fault.volumeName).test(subject.volumeName ?? '');
}
