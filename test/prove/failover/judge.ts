import { demoApplianceId } from '../../../stack/local-stack';
import type { Look } from './look';
import type { DiskStanding, Standing } from './standing';

/** Rows that a source VM may have when nothing is wrong; where it stands says whether they are right. */
const LASTING = /^((volumes|disks|mappings|slots|live failovers): |unfinished points: \w+ removing$)/;

/** Where a source VM stands, by what is seen now and by what was seen before the run. Nothing that a run says is believed. */
export function standing(now: Look, before: Look): Standing {
  const failoverVm = now.machines[0];
  const nameOf = (vmId: string): string => {
    if (vmId === demoApplianceId) return 'the appliance';
    return vmId === failoverVm?.id ? 'the failover VM' : vmId;
  };
  return {
    disks: now.disks.map((disk): DiskStanding => {
      const former = before.disks.find(({ key }) => key === disk.key);
      const { volume } = disk;
      return {
        key: disk.key,
        volume: disk.volumeId === former?.volumeId ? 'the former' : 'another',
        attached: attached(volume, nameOf),
        plugged: disk.pluggedInto.map(nameOf),
        mapped: disk.mapped.map((words) => words.replace(/ on (\S+)$/, (_, vmId: string) => ` on ${nameOf(vmId)}`)),
        verified: disk.verifiedHash !== undefined && disk.verifiedHash === (former?.verifiedHash ?? disk.verifiedHash),
        raised: disk.volumeId === former?.volumeId ? disk.generation - former.generation : 0,
        bytes: disk.digest === former?.digest ? 'unchanged' : 'changed',
        protection: `${volume?.deleteProtection === true ? 'protected' : 'unprotected'}, data=${volume?.tags['diskferry-data'] ?? 'no'}`,
      };
    }),
    source: now.sourceIsQuiesced ? 'has stopped writing' : 'may write',
    failoverVm: failoverVm === undefined ? 'none' : `${failoverVm.state}${failoverVm.boot.up ? ', up' : ''}`,
    failedOver: now.live === undefined ? 'no' : `to ${nameOf(now.live.failoverVmId)}`,
    kept: kept(now, before),
    leftToTheNextRun: now.removing,
    leftovers: leftovers(now, before),
  };
}

function attached(volume: Look['disks'][number]['volume'], nameOf: (vmId: string) => string): string {
  if (volume === undefined) return 'gone';
  if (volume.pendingJob !== null) return 'in a pending job';
  if (volume.virtualMachineId === null) return 'to nothing';
  const name = nameOf(volume.virtualMachineId);
  // Which device an id stands for is the guest's to say; on a failover VM it is the order of the disks.
  return name === 'the appliance' ? `to ${name}` : `to ${name} as ${String(volume.deviceId)}`;
}

/** Replaced volumes that are kept since then. */
function kept(now: Look, before: Look): string[] {
  return now.others
    .filter(({ volume }) => !before.others.some((other) => other.volume.id === volume.id))
    .flatMap(({ volume, keptKey }) =>
      keptKey === undefined
        ? []
        : [`disk ${String(keptKey)}: its former volume, attached ${attached(volume, (id) => id)}`],
    )
    .sort();
}

function leftovers(now: Look, before: Look): string[] {
  const { census } = now;
  const lost = before.others.filter(({ volume }) => !now.others.some((other) => other.volume.id === volume.id));
  const newPoints = now.completePoints.filter((id) => !before.completePoints.includes(id));
  return [
    ...now.others.filter(({ keptKey }) => keptKey === undefined).map(({ volume }) => `volume ${volume.name}`),
    ...lost.map(({ volume }) => `volume ${volume.name}, which was kept before, is gone`),
    ...now.machines.slice(1).map(({ name, state }) => `another VM ${name} (${state})`),
    ...now.strays,
    ...(newPoints.length > 1 ? [`${String(newPoints.length)} new recovery points`] : []),
    ...now.claims.map((claim) => `claim of ${claim}`),
    ...now.doubles.map((path) => `device path ${path} twice`),
    ...census.pendingJobs.map((job) => `pending job ${job}`),
    ...census.rows.filter((row) => !LASTING.test(row)),
    ...slots(census.rows).filter((slot) => !before.census.rows.includes(slot)),
    ...slots(before.census.rows)
      .filter((slot) => !census.rows.includes(slot))
      .map((slot) => `no more ${slot}`),
    ...census.exports.map((name) => `export ${name}`),
    ...census.locks.map((name) => `lock ${name}`),
    ...census.processes.filter((command) => !before.census.processes.includes(command)),
  ];
}

const slots = (rows: readonly string[]): string[] => rows.filter((row) => row.startsWith('slots: '));
