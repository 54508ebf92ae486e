import { offsetsDiffer, offsetInWords } from '../cloudstack/server-clock';
import type { ProbedAppliance, SiteProbe } from './probe-site';
import type { SiteReport } from './site-report';

/** What is worth knowing of a site and refuses nothing, each a sentence with what to do where something can be done. */
export function probeNotes(report: Omit<SiteReport, 'notes'>, probe: SiteProbe): string[] {
  return [
    ...serverNotes(report),
    ...keyNotes(report),
    ...report.appliances.flatMap((appliance) => [
      ...(appliance.dataDisks?.limitFrom === 'assumed'
        ? [
            `The data disk limit of ${appliance.name ?? appliance.id} is assumed: CloudStack does not show it to this key. If it is another, set data_disk_limit of [site.${report.site}].`,
          ]
        : []),
      ...(appliance.configured && appliance.sameOwnerAsKey === false && report.key.rootAdmin
        ? [
            `${appliance.name ?? appliance.id} belongs to ${appliance.owner ?? '?'}: requests onto it must name that owner (account and domainId, or projectId).`,
          ]
        : []),
    ]),
    ...probe.appliances.flatMap((appliance) => identityNotes(appliance, report.site)),
    ...(report.appliances.some(({ configured }) => configured)
      ? []
      : [`No appliance is configured for site ${report.site}; a request may name any VM that the key lists.`]),
  ];
}

function serverNotes({ server, key }: Omit<SiteReport, 'notes'>): string[] {
  const { release, version, clockOffsetMs, requestLimit, requestsPerSecond } = server;
  const notes: string[] = [];
  if (release === 'unknown') {
    notes.push(`CloudStack ${version} is a release that this Diskferry knows nothing of; it knows 4.18 to 4.23.`);
  }
  if (clockOffsetMs !== null && offsetsDiffer(clockOffsetMs, 0)) {
    notes.push(`The server's clock is ${offsetInWords(clockOffsetMs)}; set the one that is wrong.`);
  }
  if (requestLimit !== null && !key.rootAdmin) {
    const granted = requestLimit.max / requestLimit.intervalSeconds;
    if (granted < requestsPerSecond) {
      notes.push(
        `CloudStack grants this account ${String(requestLimit.max)} requests in ${String(requestLimit.intervalSeconds)} s, requests_per_second allows ${String(requestsPerSecond)}: lower it, or steps wait for CloudStack's limit (429).`,
      );
    }
  }
  return notes;
}

function keyNotes({ key, quota }: Omit<SiteReport, 'notes'>): string[] {
  const notes: string[] = [];
  if (key.account === null) notes.push("The key's own account cannot be told: owners and limits are not judged.");
  if (key.mayExpungeVolumes === false) {
    notes.push(
      'This key may not remove volumes for good (allow.user.expunge.recover.volume is false): volumes of a run that is taken back stay, and the run needs attention.',
    );
  }
  if (key.account !== null && quota === null) {
    notes.push(
      "The limits of the key's account are not listed: whether they are exceeded shows when CloudStack refuses.",
    );
  }
  return notes;
}

function identityNotes({ id, configured, reading, ownMacAddress, identity }: ProbedAppliance, site: string): string[] {
  if (ownMacAddress === undefined) return [];
  const name = reading?.vm.name ?? id;
  if (!configured) {
    return [
      `This machine is VM ${name} (${id}), which is not configured: add a [site.${site}.appliance.${id}] section to make it an appliance.`,
    ];
  }
  return identity?.ok === false
    ? [
        `This machine is ${name} by its network card, but its worker would not prove it as configured: ${identity.evidence}`,
      ]
    : [];
}
