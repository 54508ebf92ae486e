import { offsetInWords, offsetsDiffer } from '../cloudstack/server-clock';
import { formatBytes } from '../domain/sizes';
import type { Quota } from '../site/judge-quota';
import type { ApplianceReport, RequestReport, SiteReport } from './site-report';
import { formatTable } from './tables';
import { labelled } from './wrapped-text';

const WIDTH = 80;
const LABEL_WIDTH = 14;

/** A site as a person reads it, in lines of at most 80 characters (an endpoint may be longer). */
export function siteReportLines(report: SiteReport): string[] {
  return [
    `Site ${report.site} at ${report.endpoint}`,
    ...serverLines(report),
    ...keyLines(report),
    ...placeLines(report),
    '',
    'Disk offerings',
    ...offeringLines(report),
    '',
    'Appliances',
    ...report.appliances.flatMap(applianceLines),
    ...(report.appliances.length === 0 ? ['  none'] : []),
    ...(report.request === null ? [] : ['', ...requestLines(report.request)]),
    ...(report.notes.length === 0
      ? []
      : ['', 'Notes', ...report.notes.flatMap((note) => labelled('  - ', note, WIDTH))]),
    '',
    ...verdictLines(report),
  ];
}

function row(label: string, text: string): string[] {
  return labelled(`  ${label.padEnd(LABEL_WIDTH - 2)}`, text, WIDTH);
}

function serverLines({ server, key }: SiteReport): string[] {
  const { version, release, clockOffsetMs, requestLimit, requestsPerSecond, kvmSnapshotEnabled } = server;
  const known = {
    seen: 'recorded and tested with',
    'read about': 'read about, never seen by Diskferry',
    unknown: 'not known to Diskferry',
  }[release];
  const limit =
    requestLimit === null
      ? 'CloudStack lists no limit'
      : `CloudStack grants ${String(requestLimit.max)} in ${String(requestLimit.intervalSeconds)} s${key.rootAdmin ? ' (root admins are exempt)' : ''}`;
  const snapshots = { true: 'true', false: 'false', null: 'not said' }[String(kvmSnapshotEnabled)] ?? 'not said';
  return [
    ...row('server', `CloudStack ${version} (${known})`),
    ...row('clock', clockWords(clockOffsetMs)),
    ...row('requests', `${limit}; the worker sends at most ${String(requestsPerSecond)} per second`),
    ...row('snapshots', `of attached volumes: kvm.snapshot.enabled is ${snapshots} (not tried)`),
  ];
}

function clockWords(offsetMs: number | null): string {
  if (offsetMs === null) {
    return "unknown: the server sends no Date header; it takes this machine's requests, so it is less than 10 minutes ahead";
  }
  if (offsetsDiffer(offsetMs, 0)) return offsetInWords(offsetMs);
  return `within ${String(Math.max(1, Math.ceil(Math.abs(offsetMs) / 1000)))} s of this machine's clock`;
}

function keyLines({ key, quota }: SiteReport): string[] {
  const who =
    key.account === null
      ? 'of an account that it may not list'
      : `account ${key.account} in ${key.domain ?? '?'}, ${key.role ?? 'role unknown'}`;
  const ids = key.mayChooseVolumeIds
    ? 'may choose volume ids (customid)'
    : 'may not choose volume ids (customid is for root admins); volumes are found by job id and name';
  const lists = Object.entries(key.mayList);
  const allowed = lists.filter(([, may]) => may).map(([command]) => command);
  const forbidden = lists.filter(([, may]) => !may).map(([command]) => command);
  return [
    ...row('key', `${who}; ${ids}`),
    ...row('may list', allowed.join(', ') || 'none of the optional lists'),
    ...(forbidden.length === 0 ? [] : row('forbidden', forbidden.join(', '))),
    ...(quota === null
      ? []
      : row(
          'limits',
          `volumes: ${quotaWords(quota.volumes, '')}; primary storage: ${quotaWords(quota.primaryStorageGib, ' GiB')}`,
        )),
  ];
}

function quotaWords(quota: Quota | undefined, unit: string): string {
  if (quota === undefined) return 'not listed';
  const used = `${String(quota.used)}${unit} used`;
  if (quota.limit === undefined) return `${used}, unlimited`;
  return `${used} of ${String(quota.limit)}, ${String(Math.max(quota.limit - quota.used, 0))} left`;
}

function placeLines({ zone, sizes }: SiteReport): string[] {
  const found =
    zone.id === null
      ? `${zone.configured}: not listed`
      : [zone.name, zone.networkType, zone.allocationState, zone.id].filter((part) => part !== null).join(', ');
  return [
    ...row('zone', found),
    ...row(
      'sizes',
      `${String(sizes.minGib)} to ${String(sizes.maxGib)} GiB of one volume (${String(sizes.minBytes)} to ${String(sizes.maxBytes)} bytes); storage.max.volume.size is not listed, 2000 GiB unless it was changed`,
    ),
  ];
}

function offeringLines({ diskOfferings }: SiteReport): string[] {
  const rows = diskOfferings.map(({ name, sizeGib, fits, configured, id }) => [
    `  ${name.length > 18 ? `${name.slice(0, 17)}…` : name}`,
    sizeGib === null ? 'custom' : `${String(sizeGib)} GiB`,
    fits ? (configured ? 'configured' : 'fits') : configured ? 'REFUSED' : 'fixed',
    id,
  ]);
  return formatTable(['  NAME', 'SIZE', 'USABLE', 'ID'], rows, WIDTH).split('\n');
}

/** A line of what stands above it. */
function detail(text: string): string[] {
  return labelled('    ', text, WIDTH);
}

function applianceLines(appliance: ApplianceReport): string[] {
  const { id, name, configured, state, dataDisks, vmSnapshots } = appliance;
  if (name === null) return [`  ${id}`, ...detail('configured, but CloudStack lists no such VM for this key')];
  const owner = {
    true: "the key's own",
    false: "not the key's own",
    null: "the key's own account cannot be told",
  }[String(appliance.sameOwnerAsKey)];
  const from = { configuration: 'configured', CloudStack: 'as CloudStack lists', assumed: 'assumed' };
  return [
    ...labelled('  ', `${name} ${id}`, WIDTH),
    ...detail(
      `${state ?? '?'}, ${appliance.hypervisor ?? 'hypervisor unknown'}, zone ${appliance.zone ?? '?'}${configured ? '' : '; not configured'}`,
    ),
    ...detail(`of ${appliance.owner ?? '?'}, ${owner ?? ''}`),
    ...(dataDisks === null
      ? []
      : detail(
          `${String(dataDisks.attached)} data disks attached, ${String(dataDisks.free)} free (limit ${String(dataDisks.limit)}, ${from[dataDisks.limitFrom]})`,
        )),
    ...detail(
      vmSnapshots === null
        ? 'VM snapshots: not known, this key may not list them'
        : vmSnapshots.length === 0
          ? 'no VM snapshots in the way'
          : `VM snapshots in the way: ${vmSnapshots.join(', ')}`,
    ),
    ...(appliance.thisMachine === null ? [] : detail(`this machine is ${name} (${appliance.thisMachine})`)),
  ];
}

function requestLines({ vm, applianceId, disks, freeSlots, passes }: RequestReport): string[] {
  const rows = disks.map((disk) => [
    `  ${String(disk.key)}`,
    formatBytes(disk.sizeBytes),
    `${String(disk.volumeGib)} GiB`,
    disk.fits ? 'yes' : 'NO',
    disk.slot ? 'free' : 'NONE',
  ]);
  return [
    `Request: VM ${vm} onto appliance ${applianceId}`,
    ...formatTable(['  DISK', 'SIZE', 'VOLUME', 'SIZE FITS', 'SLOT'], rows, WIDTH).split('\n'),
    ...labelled(
      '  ',
      `${String(disks.length)} slots needed, ${freeSlots === null ? 'none known' : `${String(freeSlots)} free`}. Not asked here: slots that other runs have reserved and earlier replicas (database), whether the sources open (appliance).`,
      WIDTH,
    ),
    passes
      ? '  This request would pass what is asked here; the rest is asked by: diskferry replicate FILE --dry-run'
      : '  This request would be REFUSED.',
  ];
}

function verdictLines({ refusals }: SiteReport): string[] {
  if (refusals.length === 0) return ['All well: nothing that was asked here would be refused. Nothing was changed.'];
  return [
    `Refused: ${String(refusals.length)} (nothing was changed)`,
    ...refusals.flatMap(({ message, next }, index) => [
      ...labelled(`  ${String(index + 1)}. `, message, WIDTH),
      ...labelled('     Next: ', next, WIDTH),
    ]),
  ];
}
