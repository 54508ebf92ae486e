import path from 'node:path';
import { type ApplianceSight, type SeenDisk } from '../domain/doctor-io';
import { volumeOfExportName } from '../domain/names';
import { type DeviceDirectories, followLink, names, readSysfsDisk } from './device-node';
import { exportLayout } from './export-layout';
import { greet } from './export-links';
import { errorText } from './processes';

/** Where to look on one appliance. */
export interface SightSettings extends DeviceDirectories {
  readonly applianceId: string;
  readonly exportsDirectory: string;
}

/** The end of a by-id link's name that is a volume's serial: the first 20 hex digits of a uuid. */
const SERIAL_AT_END = /[0-9a-f]{20}$/;

/** Looks at all disks, links and exports of this appliance at once. Only looks: neither folders nor locks are made. */
export async function lookAtAppliance(settings: SightSettings): Promise<ApplianceSight> {
  const layout = exportLayout(settings.exportsDirectory);
  const [disks, links, exportNames, exportServerSilent] = await Promise.all([
    disksOf(settings),
    linksOf(settings),
    names(layout.links),
    silence(layout.socket),
  ]);
  return {
    applianceId: settings.applianceId,
    clock: new Date().toISOString(),
    disks,
    links,
    exports: exportNames.map(volumeOfExportName).filter((id) => id !== undefined),
    ...(exportServerSilent !== undefined && { exportServerSilent }),
  };
}

async function disksOf({ sysfsBlockDirectory }: SightSettings): Promise<SeenDisk[]> {
  return await Promise.all(
    (await names(sysfsBlockDirectory)).map(async (name) => {
      const { serial, sizeBytes, holders } = await readSysfsDisk(path.join(sysfsBlockDirectory, name));
      return {
        name,
        ...(serial !== undefined && serial !== '' && { serial }),
        ...(sizeBytes !== undefined && { sizeBytes }),
        holders: [...holders],
      };
    }),
  );
}

async function linksOf({ byIdDirectory, sysfsBlockDirectory }: SightSettings): Promise<ApplianceSight['links']> {
  const ours = (await names(byIdDirectory)).filter((name) => SERIAL_AT_END.test(name));
  return await Promise.all(
    ours.map(async (name) => {
      const node = path.join(byIdDirectory, name);
      const sysfs = (await followLink(node, sysfsBlockDirectory))?.sysfs;
      return { node, ...(sysfs !== undefined && { disk: path.basename(sysfs) }) };
    }),
  );
}

async function silence(socket: string): Promise<string | undefined> {
  try {
    await greet(socket);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
