import { type Finding, finding } from '../../domain/findings';
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
  const { account, volumes, primaryStorageGib } = holdings.quota ?? {};
  findings.push(
    ...near(site, 'volumes', `Volumes of account ${account ?? '?'}`, volumes?.used, volumes?.limit),
    ...near(
      site,
      'primary-storage',
      `GiB of primary storage of account ${account ?? '?'}`,
      primaryStorageGib?.used,
      primaryStorageGib?.limit,
    ),
  );
  return findings;
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
