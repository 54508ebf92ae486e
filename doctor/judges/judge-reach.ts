import { type Finding, finding } from '../../domain/findings';
import type { View } from '../view';

/** What could not be asked: nothing that follows from it is judged, so it is said first. */
export function judgeReach({ truths, site }: View): Finding[] {
  const findings: Finding[] = [];
  if ('unknown' in truths.database) {
    findings.push(finding('database-unreachable', { site, subject: 'database' }, { cause: truths.database.unknown }));
  }
  if ('unknown' in truths.cloudStack) {
    findings.push(finding('cloudstack-unreachable', { site, subject: site }, { cause: truths.cloudStack.unknown }));
  }
  if ('unknown' in truths.temporal) {
    findings.push(finding('temporal-unreachable', { site, subject: 'temporal' }, { cause: truths.temporal.unknown }));
  }
  for (const [applianceId, sight] of truths.appliances) {
    if ('known' in sight) continue;
    findings.push(finding('appliance-silent', { site, subject: applianceId }, { applianceId, cause: sight.unknown }));
  }
  return findings;
}
