import { type Finding, finding } from '../../domain/findings';
import type { AccountQuota } from '../../site/judge-quota';
import type { View } from '../view';

/** What share of a limit may be used before it is said, and how few may be left. */
const NEAR = 0.9;
const LEFT = 1;

/** What a preflight would refuse, limits that are nearly reached, and a site that keeps no recovery points. */
export function judgeSiteSetUp({ truths, holdings, site }: View): Finding[] {
  const findings: Finding[] = [];
  if (truths.site.recoveryPoints === 0) findings.push(finding('no-recovery-points-kept', { site, subject: site }, {}));
  if (holdings === undefined) return findings;
  for (const { code, message, next, fields } of holdings.refusals) {
    const about = fields['applianceId'] ?? site;
    const evidence = [`a preflight would refuse with ${code}: ${next}`];
    findings.push(
      finding('preflight-refusal', { site, subject: `${code}/${String(about)}`, evidence }, { refusal: message }),
    );
  }
  for (const { applianceId, attached, limit } of holdings.appliances) {
    findings.push(...near(site, applianceId, `Data disks of appliance ${applianceId}`, attached, limit));
  }
  for (const { subject, what, quota } of quotasOf(holdings.quota)) {
    const whose = `${what} of account ${holdings.quota?.account ?? '?'}`;
    findings.push(...near(site, subject, whose, quota?.used, quota?.limit));
  }
  return findings;
}

function quotasOf(quota: AccountQuota | undefined) {
  return [
    { subject: 'volumes', what: 'Volumes', quota: quota?.volumes },
    { subject: 'primary-storage', what: 'GiB of primary storage', quota: quota?.primaryStorageGib },
    { subject: 'snapshots', what: 'Snapshots', quota: quota?.snapshots },
    { subject: 'machines', what: 'VMs', quota: quota?.machines },
    { subject: 'cpus', what: 'CPUs', quota: quota?.cpus },
    { subject: 'memory', what: 'MiB of memory', quota: quota?.memoryMib },
  ];
}

function near(
  site: string,
  subject: string,
  what: string,
  used: number | undefined,
  limit: number | undefined,
): Finding[] {
  if (used === undefined || limit === undefined) return [];
  if (limit - used > LEFT && used < limit * NEAR) return [];
  return [finding('limit-near', { site, subject }, { what, used, limit })];
}
