import { type Finding, finding } from '../../domain/findings';
import type { View } from '../view';

/** The Date header counts whole seconds, and an appliance's answer is some seconds on its way. */
const NOTICEABLE_MS = 30_000;

/** Clocks that differ from this machine's. */
export function judgeClocks({ survey, holdings, sights, site }: View): Finding[] {
  const clocks = [
    ...(survey === undefined
      ? []
      : [
          {
            subject: 'database',
            whose: 'the database',
            aheadMs: Date.parse(survey.clock.database) - Date.parse(survey.clock.here),
          },
        ]),
    ...(holdings?.clockOffsetMs === undefined
      ? []
      : [{ subject: 'cloudstack', whose: 'CloudStack', aheadMs: holdings.clockOffsetMs }]),
    ...sights.map(({ applianceId, clock, answeredAt }) => ({
      subject: applianceId,
      whose: `appliance ${applianceId}`,
      aheadMs: Date.parse(clock) - Date.parse(answeredAt),
    })),
  ];
  return clocks
    .filter(({ aheadMs }) => Math.abs(aheadMs) > NOTICEABLE_MS)
    .map(({ subject, whose, aheadMs }) =>
      finding(
        'clock-difference',
        { site, subject },
        { whose, seconds: Math.round(Math.abs(aheadMs) / 1000), direction: aheadMs > 0 ? 'ahead' : 'behind' },
      ),
    );
}
