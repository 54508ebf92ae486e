import { z } from 'zod';

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
  /** calls it applies to; null until it is removed. Left out: 1, or with a probability until it is removed */
  times: z.number().int().min(1).nullable().optional(),
  /** how likely it applies to a matching call; the sequence of hits follows from the seed alone */
  probability: z.number().min(0).max(1).optional(),
  seed: z.number().int().default(1),
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
  /** the account's request limit is reached: 429, nothing is done */
  z.strictObject({ ...matchFields, kind: z.literal('too-many-requests'), retryMs: milliseconds.default(1_000) }),
  /** the job fails where the hypervisor would have acted or, in a first attach, where the storage would have */
  z.strictObject({
    ...matchFields,
    ...failure,
    kind: z.literal('fail-job'),
    where: z.enum(['hypervisor', 'storage']).default('hypervisor'),
    /** attach: the hypervisor said no, or sending to it failed; the server words them differently */
    how: z.enum(['refused', 'thrown']).default('refused'),
  }),
  z.strictObject({
    ...matchFields,
    kind: z.literal('delay'),
    ms: milliseconds,
    /** before the call is looked at, before its answer is sent, or the hypervisor's or storage's work */
    where: z.enum(['request', 'answer', 'work']).default('answer'),
  }),
  /** deleteVolume answers so much later, with the volume in state Expunging until then */
  z.strictObject({ ...matchFields, kind: z.literal('slow-delete'), ms: milliseconds }),
  /** the effect comes, the answer does not: the connection is cut */
  z.strictObject({ ...matchFields, kind: z.literal('drop-answer') }),
  /** the connection is cut, nothing was done */
  z.strictObject({ ...matchFields, kind: z.literal('drop-request') }),
  /** the request arrives twice, `ms` apart; the second answer is what the caller gets */
  z.strictObject({ ...matchFields, kind: z.literal('deliver-twice'), ms: milliseconds.default(0) }),
  /** the effect comes, the connection is reset in the middle of the answer's body */
  z.strictObject({ ...matchFields, kind: z.literal('reset-body') }),
  /** the effect comes, the answer is 200 without a body: an exception while writing */
  z.strictObject({ ...matchFields, kind: z.literal('empty-answer') }),
  /** the effect comes, the JSON of the answer breaks off */
  z.strictObject({ ...matchFields, kind: z.literal('malformed-answer') }),
  /** the effect comes, the answer is padded to this many bytes */
  z.strictObject({
    ...matchFields,
    kind: z.literal('oversized-answer'),
    bytes: z.number().int().min(1).max(1_000_000_000).default(40_000_000),
  }),
  /** a proxy answers its own page, and the server was not asked or (effect) was */
  z.strictObject({ ...matchFields, kind: z.literal('html-503'), effect: z.boolean().default(false) }),
  /** a proxy sends the caller elsewhere, nothing was done */
  z.strictObject({
    ...matchFields,
    kind: z.literal('redirect'),
    location: z.string().default('http://127.0.0.1:9/client/login'),
  }),
  /** listings show the volumes in this state, whatever it is */
  z.strictObject({ ...matchFields, kind: z.literal('show-state'), state: z.string() }),
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
  /** detach: the job fails with KVM's text of a time-out, the volume stays attached, and the disk goes after `ms` all the same */
  z.strictObject({ ...matchFields, kind: z.literal('detach-timeout'), ms: milliseconds.default(1_000) }),
  /**
   * `job.cancel.threshold`: the job ends cancelled `ms` after its begin, the VM's queue goes on, and the work that nobody
   * waits for any more is done `effectMs` later
   */
  z.strictObject({
    ...matchFields,
    kind: z.literal('cancel-job'),
    ms: milliseconds.default(0),
    effectMs: milliseconds.default(500),
    status: z.literal([2, 3]).default(2),
  }),
  /**
   * The job is held `ms`, or (null) until it is released. `queue`: after its checks and instead of waiting for its turn in the
   * VM's queue, so that other work overtakes it. `begin`: before its checks.
   */
  z.strictObject({
    ...matchFields,
    kind: z.literal('hold'),
    ms: milliseconds.nullable().default(null),
    where: z.enum(['queue', 'begin']).default('queue'),
  }),
  /** the job is forgotten as soon as it has ended */
  z.strictObject({ ...matchFields, kind: z.literal('expire-job') }),
  /** the server is killed and started while the job begins or while its hypervisor works */
  z.strictObject({
    ...matchFields,
    kind: z.literal('restart'),
    where: z.enum(['begin', 'hypervisor']).default('hypervisor'),
    downMs: milliseconds.default(0),
    hypervisorFinishes: z.boolean().default(false),
  }),
  /** nobody answers for a time, whatever is asked: HTML 503, or nothing listens */
  z.strictObject({ kind: z.literal('unavailable'), ms: milliseconds, how: z.enum(['503', 'refused']).default('503') }),
]);

export type FaultSettings = z.input<typeof faultSchema>;
export type Fault = z.output<typeof faultSchema>;
/** A fault that calls are matched with. */
export type MatchedFault = Exclude<Fault, { kind: 'unavailable' }>;
export type FaultOf<Kind extends Fault['kind']> = Extract<Fault, { kind: Kind }>;

function isExpression(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}
