import { createCipheriv, createHash } from 'node:crypto';
import { mkdir, mkdtemp, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { GIB } from '../domain/sizes';
import { ProcessStartError } from './guarded-process';
import { findProgram, runProgram } from './programs';

/**
 * The source of the demo: pgtest1, a small database server with two disks, made with tools that need no root. The disks are
 * mostly empty, as disks are, but not zeros: each has a partition table and an ext4 filesystem with real files, and ext4 spreads
 * its backups of the superblock over the whole disk, so that the data touches a dozen of the 107 windows of one GiB.
 */
export interface DemoDisk {
  readonly key: number;
  readonly boot: boolean;
  /** also the name under which it is exported */
  readonly name: string;
  readonly sizeBytes: number;
  readonly path: string;
}

/** A source VM of the demo, as a vCenter names it. */
export interface DemoVm {
  readonly sourceId: string;
  readonly id: string;
  readonly name: string;
}

export const demoVm = {
  sourceId: 'vcenter-qc',
  id: '420570c7-f61f-a930-77c5-1e876786cb3c',
  name: 'pgtest1',
} as const satisfies DemoVm;

/** The VM of six disks that the demo of failovers has beside pgtest1: the older system lost all but its first two. */
export const sixDiskVm = {
  sourceId: 'vcenter-qc',
  id: '4205784a-098a-40f1-1f1e-a5cd2597fd59',
  name: 'pgtest2',
} as const satisfies DemoVm;

interface DiskPlan {
  readonly key: number;
  readonly boot: boolean;
  readonly sizeGib: number;
  readonly diskId: string;
  readonly filesystemId: string;
  readonly label: string;
  /** sfdisk script lines, without the header; the last partition holds the filesystem */
  readonly partitions: readonly string[];
  /** offset of the filesystem's partition, in MiB */
  readonly filesystemAtMib: number;
  /** path → text, or a number of MiB of made-up table data */
  readonly files: Readonly<Record<string, string | number>>;
}

const LINUX = '0FC63DAF-8483-4772-8E79-3D69D8477DE4';
const BIOS_BOOT = '21686148-6449-6E6F-744E-656564454649';

const plans: readonly DiskPlan[] = [
  {
    key: 2000,
    boot: true,
    sizeGib: 107,
    diskId: '5D1F3B0A-4C2E-4E57-9A61-70D3C1B52000',
    filesystemId: '0b9d7f52-6a9c-4f0e-8a57-d3c1b5200000',
    label: 'root',
    partitions: [`start=2048, size=2048, type=${BIOS_BOOT}, name="bios"`, `start=4096, type=${LINUX}, name="root"`],
    filesystemAtMib: 2,
    files: {
      'etc/hostname': 'pgtest1\n',
      'etc/fstab': 'LABEL=root / ext4 defaults 0 1\nLABEL=pgdata /var/lib/postgresql ext4 defaults 0 2\n',
      'etc/os-release': 'NAME="Diskferry demo"\nID=demo\n',
      'var/log/messages': 'pgtest1 systemd[1]: Reached target Multi-User System.\n'.repeat(2000),
      'boot/vmlinuz': 9,
      'usr/lib/postgresql/bin/postgres': 8,
      'usr/lib/libc.so.6': 3,
    },
  },
  {
    key: 2001,
    boot: false,
    sizeGib: 10,
    diskId: '5D1F3B0A-4C2E-4E57-9A61-70D3C1B52001',
    filesystemId: '0b9d7f52-6a9c-4f0e-8a57-d3c1b5200100',
    label: 'pgdata',
    partitions: [`start=2048, type=${LINUX}, name="pgdata"`],
    filesystemAtMib: 1,
    files: {
      PG_VERSION: '15\n',
      'postgresql.conf': "listen_addresses = 'localhost'\nshared_buffers = 128MB\n",
      'base/16384/2619': 6,
      'base/16384/16385': 5,
      'pg_wal/000000010000000000000001': 4,
    },
  },
];

const ROOT_GIB = 6;
const DATA_GIB = 2;

/** A root and five data disks, each with a filesystem of its own, so that two that were swapped are told apart. */
const sixDiskPlans: readonly DiskPlan[] = Array.from({ length: 6 }, (_, index) => {
  const boot = index === 0;
  const key = 2000 + index;
  return {
    key,
    boot,
    sizeGib: boot ? ROOT_GIB : DATA_GIB,
    diskId: `5D1F3B0A-4C2E-4E57-9A61-70D3C1B6${String(key)}`,
    filesystemId: `0b9d7f52-6a9c-4f0e-8a57-d3c1b6${String(key)}00`,
    label: boot ? 'root' : `data${String(index)}`,
    partitions: [`start=2048, type=${LINUX}, name="${boot ? 'root' : `data${String(index)}`}"`],
    filesystemAtMib: 1,
    files: boot
      ? { 'etc/hostname': 'pgtest2\n', 'boot/vmlinuz': 2 }
      : { [`tablespace${String(index)}/PG_VERSION`]: '15\n', [`tablespace${String(index)}/16385`]: 1 },
  };
});

/** Version of the plans: images of another one are made anew. */
function versionOf(disks: readonly DiskPlan[]): string {
  return createHash('sha256').update(JSON.stringify(disks)).digest('hex').slice(0, 8);
}

/**
 * Makes the images in the folder, or takes those that are there.
 *
 * @throws ProcessStartError when sfdisk or mke2fs is missing or fails
 */
export async function makeDemoSource(directory: string): Promise<readonly [DemoDisk, DemoDisk]> {
  const [first, second] = await makeDisks(directory, demoVm, plans);
  if (first === undefined || second === undefined) throw new Error('the demo has two disks');
  return [first, second];
}

/**
 * Makes the six images of {@link sixDiskVm}, or takes those that are there.
 *
 * @throws ProcessStartError when sfdisk or mke2fs is missing or fails
 */
export async function makeSixDiskSource(directory: string): Promise<readonly DemoDisk[]> {
  return await makeDisks(directory, sixDiskVm, sixDiskPlans);
}

async function makeDisks(directory: string, vm: DemoVm, disks: readonly DiskPlan[]): Promise<DemoDisk[]> {
  await mkdir(directory, { recursive: true });
  const version = versionOf(disks);
  return await Promise.all(disks.map((plan) => makeDisk(directory, `${vm.name}-${String(plan.key)}`, version, plan)));
}

async function makeDisk(directory: string, name: string, version: string, plan: DiskPlan): Promise<DemoDisk> {
  const path = join(directory, `${name}-${version}.raw`);
  const disk = { key: plan.key, boot: plan.boot, name, sizeBytes: plan.sizeGib * GIB, path };
  const there = await stat(path).catch(() => undefined);
  if (there?.size === disk.sizeBytes) return disk;

  // Made beside its place and renamed in: an image that was cut off would be taken for whole the next time.
  const work = await mkdtemp(join(directory, '.making-'));
  try {
    const image = join(work, 'disk.raw');
    const handle = await open(image, 'wx');
    await handle.truncate(disk.sizeBytes);
    await handle.close();
    await partition(image, plan);
    const files = join(work, 'files');
    for (const [file, content] of Object.entries(plan.files)) await writeDemoFile(join(files, file), content);
    await makeFilesystem(image, files, plan);
    await rename(image, path);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return disk;
}

async function partition(image: string, plan: DiskPlan): Promise<void> {
  const partitionIds = plan.partitions.map(
    (line, index) => `${line}, uuid=${plan.diskId.slice(0, -1)}${String(index + 1)}`,
  );
  const script = ['label: gpt', `label-id: ${plan.diskId}`, ...partitionIds, ''].join('\n');
  const child = spawn(await required('sfdisk', 'fdisk'), ['--quiet', '--no-reread', '--no-tell-kernel', image], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  const errors: Buffer[] = [];
  child.stderr.on('data', (part: Buffer) => errors.push(part));
  child.stdin.end(script);
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new ProcessStartError(`sfdisk failed: ${Buffer.concat(errors).toString('utf8')}`);
}

async function makeFilesystem(image: string, files: string, plan: DiskPlan): Promise<void> {
  const offset = plan.filesystemAtMib * 1024 * 1024;
  // The backup of the partition table takes the last MiB.
  const blocks = (plan.sizeGib * GIB - offset - 1024 * 1024) / 4096;
  const result = await runProgram(await required('mke2fs', 'e2fsprogs'), [
    ...['-q', '-F', '-t', 'ext4', '-b', '4096', '-L', plan.label, '-U', plan.filesystemId, '-J', 'size=16'],
    ...['-E', `offset=${String(offset)},hash_seed=${plan.filesystemId},root_owner=0:0,packed_meta_blocks=1,nodiscard`],
    ...['-d', files, image, String(blocks)],
  ]);
  if (result.code !== 0) throw new ProcessStartError(`mke2fs failed: ${result.output}`);
  // An empty journal and empty inode tables are written as zeros; as holes they cost nothing.
  const dug = await runProgram(await required('fallocate', 'util-linux'), ['--dig-holes', image]);
  if (dug.code !== 0) throw new ProcessStartError(`fallocate failed: ${dug.output}`);
}

async function required(program: string, debianPackage: string): Promise<string> {
  const path = await findProgram(program);
  if (path === undefined) {
    throw new ProcessStartError(`${program} is not installed (Debian: apt-get install ${debianPackage})`);
  }
  return path;
}

async function writeDemoFile(path: string, content: string | number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, typeof content === 'string' ? content : madeUpData(path, content));
}

/** Bytes that look like data, the same every time: the key stream of a cipher keyed by the file's name. */
function madeUpData(path: string, mebibytes: number): Buffer {
  const key = createHash('sha256')
    .update(path.split('/files/').at(-1) ?? '')
    .digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(mebibytes * 1024 * 1024));
}
