import type { EffectSide, Failpoint } from './effect';

/** One rule: at this side of this effect, fail or kill, so many times. */
export interface FailpointRule {
  readonly effect: string;
  readonly side: EffectSide;
  readonly action: 'fail' | 'kill';
  readonly times: number;
}

const RULE = /^(?<effect>\w+\.\w+):(?<side>before|after):(?<action>fail|kill)(?:\*(?<times>\d+))?$/;

/**
 * Reads DISKFERRY_FAILPOINTS, for tests of whole processes: `EFFECT:SIDE:ACTION[*TIMES]`, several separated by commas, for
 * instance `attachVolume.send:after:kill*1`. Counts are per process.
 *
 * @throws RangeError when a rule cannot be read
 */
export function parseFailpoints(text: string): FailpointRule[] {
  return text
    .split(',')
    .map((rule) => rule.trim())
    .filter((rule) => rule !== '')
    .map((rule) => {
      const groups = RULE.exec(rule)?.groups;
      if (groups === undefined) {
        throw new RangeError(`not a failpoint: ${JSON.stringify(rule)}; write EFFECT:before|after:fail|kill[*TIMES]`);
      }
      return {
        effect: String(groups['effect']),
        side: groups['side'] === 'before' ? 'before' : 'after',
        action: groups['action'] === 'kill' ? 'kill' : 'fail',
        times: Number(groups['times'] ?? 1),
      };
    });
}

/** A failpoint that obeys the rules: throws, or ends this process at once as a power cut would. */
export function makeFailpoint(
  rules: readonly FailpointRule[],
  kill: () => void = () => process.kill(process.pid, 'SIGKILL'),
): Failpoint {
  const left = rules.map((rule) => ({ rule, times: rule.times }));
  return async (effect, side) => {
    const hit = left.find((entry) => entry.times > 0 && entry.rule.effect === effect && entry.rule.side === side);
    if (hit === undefined) return;
    hit.times -= 1;
    if (hit.rule.action === 'fail') throw new Error(`failpoint ${effect}:${side}`);
    kill();
    await new Promise(() => undefined);
  };
}
