import type { EffectSide } from '../../activities/effect';
import type { FaultSettings } from '../../simulator/fault-kinds';

/** What becomes of one call that changes something in CloudStack. */
const callFaults = ['request lost', 'answer lost', 'refused once', 'refused for good', 'late'] as const;
type CallFault = (typeof callFaults)[number];

/** One call of a run as it can be met again in another run: the same command about the same disk, for the nth time. */
export interface Call {
  readonly command: string;
  /** undefined: it is about no disk of the source VM */
  readonly diskKey: number | undefined;
  readonly nth: number;
}

export type Fault =
  | { readonly kind: 'cut'; readonly effect: string; readonly side: EffectSide }
  | { readonly kind: 'call'; readonly call: Call; readonly how: CallFault };

/** One run of a scenario with one thing going wrong. */
export interface Case {
  /** unique; it says what goes wrong */
  readonly id: string;
  readonly scenario: string;
  readonly fault: Fault;
}

/** What was seen of a run that nothing hindered. */
export interface Heard {
  /** effects in the order of their first coming */
  readonly effects: readonly string[];
  /** calls that change something, in their order */
  readonly calls: readonly { readonly command: string; readonly diskKey?: number }[];
  /** steps whose effects alone are cut off here: everything else is met in another scenario */
  readonly only?: readonly string[];
}

/** What was heard, by scenario. */
export type Catalogue = Readonly<Record<string, Heard>>;

/** All cases of a catalogue. */
export const allCasesOf = (catalogue: Catalogue): Case[] =>
  Object.entries(catalogue).flatMap(([scenario, heard]) => casesOf(scenario, heard));

/** A step is given up after so many tries that failed. */
export const STEP_ATTEMPTS = 2;
const LATE_MS = 1_200;
const sides: readonly EffectSide[] = ['before', 'after'];

/**
 * The catalogue of a scenario: each effect of an unhindered run cut off on both sides, and each of its calls met by each fault. What
 * is called for every disk meets each fault at one of them, in turn: the disks differ in nothing else. Nothing stands here by hand.
 */
function casesOf(scenario: string, { effects, calls, only }: Heard): Case[] {
  const own = only === undefined ? effects : effects.filter((effect) => only.includes(effect.replace(/\..*/, '')));
  const cuts = own.flatMap((effect) =>
    sides.map((side): Case => ({
      id: `${scenario}: cut off ${side} ${effect}`,
      scenario,
      fault: { kind: 'cut', effect, side },
    })),
  );
  const met = [...callsByTurn(only === undefined ? calls : []).values()].flatMap((ofDisks, index) =>
    callFaults.flatMap((how, turn): Case[] => {
      const call = ofDisks[(index + turn) % ofDisks.length];
      if (call === undefined) return [];
      return [{ id: `${scenario}: ${callName(call)} ${how}`, scenario, fault: { kind: 'call', call, how } }];
    }),
  );
  return [...cuts, ...met];
}

function callName({ command, diskKey, nth }: Call): string {
  const about = diskKey === undefined ? '' : ` of disk ${String(diskKey)}`;
  return `${command}${about}${nth === 1 ? '' : ` (${String(nth)})`}`;
}

/** Calls by command and turn, each with the disks that it is made for. */
function callsByTurn(calls: Heard['calls']): Map<string, Call[]> {
  const turns = new Map<string, number>();
  const found = new Map<string, Call[]>();
  for (const { command, diskKey } of calls) {
    const nth = (turns.get(`${command} ${String(diskKey)}`) ?? 0) + 1;
    turns.set(`${command} ${String(diskKey)}`, nth);
    const name = `${command} ${diskKey === undefined ? 'of no disk' : 'of a disk'} ${String(nth)}`;
    found.set(name, [...(found.get(name) ?? []), { command, diskKey, nth }]);
  }
  for (const ofDisks of found.values()) ofDisks.sort((a, b) => (a.diskKey ?? 0) - (b.diskKey ?? 0));
  return found;
}

/** The simulator's switches that make a fault of a call come true. */
export function switchesOf({ call, how }: Extract<Fault, { kind: 'call' }>): FaultSettings[] {
  const match = {
    command: call.command,
    // Our volumes are named diskferry-{VM}-{disk key}-…; what is about none of them has another name, or none.
    volumeName: call.diskKey === undefined ? '^(?!diskferry-)' : `^diskferry-.*-${String(call.diskKey)}-`,
    skip: call.nth - 1,
  };
  switch (how) {
    case 'request lost':
      return [{ ...match, kind: 'drop-request' }];
    case 'answer lost':
      return [{ ...match, kind: 'drop-answer' }];
    case 'refused once':
      return [{ ...match, kind: 'refuse', code: 530, text: 'refused once by the proof' }];
    case 'refused for good':
      return [{ ...match, kind: 'refuse', code: 530, text: 'refused for good by the proof', times: STEP_ATTEMPTS }];
    case 'late':
      return [
        { ...match, kind: 'delay', where: 'work', ms: LATE_MS },
        { ...match, kind: 'delay', where: 'answer', ms: LATE_MS },
      ];
  }
}
