import { randomUUID } from 'node:crypto';
import type { FaultOf, MatchedFault } from './fault-kinds';
import { Gate } from './gate';
import { MetFaults } from './met-faults';
import type { MetFault } from './met-faults';
import { chances } from './seeded-chance';

/** What a call is about, for matching. */
export interface CallSubject {
  readonly command: string;
  readonly account: string;
  readonly volumeName?: string | undefined;
  readonly volumeId?: string | undefined;
  readonly virtualMachineId?: string | undefined;
}

interface ArmedFault extends MetFault {
  readonly id: string;
  readonly next: () => number;
  skip: number;
  left: number | null;
  hits: number;
}

/** The fault switches that are on. */
export class Faults {
  private armed: ArmedFault[] = [];

  add(fault: MatchedFault): string {
    const id = randomUUID();
    const left = fault.times === undefined ? (fault.probability === undefined ? 1 : null) : fault.times;
    this.armed.push({ id, fault, gate: new Gate(), next: chances(fault.seed), skip: fault.skip, left, hits: 0 });
    return id;
  }

  /** Takes a fault back; what it holds goes on. */
  remove(id: string): boolean {
    const known = this.release(id);
    this.armed = this.armed.filter((armed) => armed.id !== id);
    return known;
  }

  clear(): void {
    for (const { gate } of this.armed) gate.open();
    this.armed = [];
  }

  /** Lets everything go on that a `hold` holds; calls that it meets later are not held. */
  release(id: string): boolean {
    const found = this.armed.find((armed) => armed.id === id);
    found?.gate.open();
    return found !== undefined;
  }

  list(): { id: string; fault: MatchedFault; left: number | null; hits: number }[] {
    return this.armed.map(({ id, fault, left, hits }) => ({ id, fault, left, hits }));
  }

  /** Uses up one call of every fault that matches. Used-up faults stay listed, with their hits, until they are removed. */
  meet(subject: CallSubject): MetFaults {
    const met: MetFault[] = [];
    for (const armed of this.armed) {
      if (armed.left === 0 || !matches(armed.fault, subject)) continue;
      if (armed.skip > 0) {
        armed.skip -= 1;
        continue;
      }
      const { probability } = armed.fault;
      if (probability !== undefined && armed.next() >= probability) continue;
      if (armed.left !== null) armed.left -= 1;
      armed.hits += 1;
      met.push(armed);
    }
    return new MetFaults(met);
  }
}

/** What some kinds are about without being told. */
const OWN_COMMAND: Partial<Record<MatchedFault['kind'], string>> = {
  'slow-delete': 'deleteVolume',
  'detach-timeout': 'detachVolume',
} satisfies Partial<Record<FaultOf<'slow-delete' | 'detach-timeout'>['kind'], string>>;

function matches(fault: MatchedFault, subject: CallSubject): boolean {
  const command = fault.command ?? OWN_COMMAND[fault.kind];
  if (command !== undefined && command !== subject.command) return false;
  if (fault.account !== undefined && fault.account !== subject.account) return false;
  if (fault.volumeId !== undefined && fault.volumeId !== subject.volumeId) return false;
  if (fault.virtualMachineId !== undefined && fault.virtualMachineId !== subject.virtualMachineId) return false;
  return fault.volumeName === undefined || new RegExp(fault.volumeName).test(subject.volumeName ?? '');
}
