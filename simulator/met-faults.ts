import type { FaultOf, MatchedFault } from './fault-kinds';
import type { Gate } from './gate';
import type { Appearance } from './guest';
import type { Lifetime } from './lifetime';

/** A fault that a call met, with the gate that a `hold` waits at. */
export interface MetFault {
  readonly fault: MatchedFault;
  readonly gate: Gate;
}

/** KVM's words when a guest does not let go of a disk within `wait.detach.device` (CloudStack: LibvirtComputingResource). */
const DETACH_TIMED_OUT =
  'com.cloud.exception.InternalErrorException: Could not detach volume after sending the command and waiting for [10000] milliseconds. ' +
  'Probably the VM does not support the sent detach command or the device is busy at the moment. Try again in a couple of minutes.';

/** The faults that one call met. They go with the call into its job. */
export class MetFaults {
  constructor(private readonly met: readonly MetFault[]) {}

  get<Kind extends MatchedFault['kind']>(kind: Kind): FaultOf<Kind> | undefined {
    return this.met.map(({ fault }) => fault).find((fault): fault is FaultOf<Kind> => fault.kind === kind);
  }

  /** What the hypervisor does apart from what the server says: a `ghost`, or the detach that timed out. */
  get ghost(): Pick<FaultOf<'ghost'>, 'ms' | 'job' | 'code' | 'text'> | undefined {
    const timeout = this.get('detach-timeout');
    return timeout === undefined
      ? this.get('ghost')
      : { ms: timeout.ms, job: 'fail', code: 530, text: DETACH_TIMED_OUT };
  }

  /** How much longer this takes. The work of a cancelled job lasts beyond its cancelling. */
  delayMs(where: 'request' | 'answer' | 'work'): number {
    let sum = 0;
    for (const { fault } of this.met) {
      if (fault.kind === 'delay' && fault.where === where) sum += fault.ms;
      if (where !== 'work') continue;
      if (fault.kind === 'slow-delete') sum += fault.ms;
      if (fault.kind === 'cancel-job') sum += fault.ms + fault.effectMs;
    }
    return sum;
  }

  /** Waits where a `hold` says so, and tells whether one did. */
  async held(where: 'queue' | 'begin', lifetime: Lifetime): Promise<boolean> {
    const holds = this.met.filter(({ fault }) => fault.kind === 'hold' && fault.where === where);
    for (const { fault, gate } of holds) {
      if (fault.kind === 'hold') await lifetime.waitFor(gate.opened, fault.ms);
    }
    return holds.length > 0;
  }

  /** Asks for the restart that is to come at this point of a job; whoever waits is cut off. */
  restartAt(where: 'begin' | 'hypervisor', lifetime: Lifetime): boolean {
    const restart = this.get('restart');
    if (restart?.where !== where) return false;
    lifetime.askForRestart({ downMs: restart.downMs, hypervisorFinishes: restart.hypervisorFinishes });
    return true;
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
