import { z } from 'zod';
import { parseDevicePath } from '../../domain/device-path';
import { uuidSchema } from '../../domain/identifiers';

/**
 * Rows of the older system, as its code and dumps have them (reference original-system §2). Only what an adoption needs is read; its
 * schema had several ages, so a column that is not there counts as NULL.
 */

const text = z.string().nullish();
const whole = z.coerce.number().pipe(z.int().min(0)).nullish();
/** MariaDB gives a number as text here (older-tables.ts). */
const path = z
  .string()
  .refine((value) => parseDevicePath(value).form !== 'unknown', 'is no device path that the older system wrote');

/** A volume attached to a VM. In the first schema the volume's column was `volume_id`. */
export const olderMappingSchema = z.object({
  id: z.string().min(1),
  vm_context_id: text,
  volume_uuid: uuidSchema,
  vm_id: uuidSchema,
  cloudstack_device_id: whole,
  device_path: path,
  size: whole,
  created_at: text,
});
export type OlderMapping = z.output<typeof olderMappingSchema>;

export const olderOperationSchema = z.object({
  id: z.string().min(1),
  type: z.string(),
  status: z.string(),
  volume_id: text,
  vm_id: text,
  error: text,
  created_at: text,
  updated_at: text,
  completed_at: text,
});
export type OlderOperation = z.output<typeof olderOperationSchema>;

export const olderJobSchema = z.object({
  id: z.string().min(1),
  vm_context_id: text,
  source_vm_name: text,
  status: z.string(),
  created_at: text,
});
export type OlderJob = z.output<typeof olderJobSchema>;

/** A source VM. */
export const olderContextSchema = z.object({
  context_id: z.string().min(1),
  vm_name: z.string().min(1),
  vmware_vm_id: z.string().min(1).max(64),
  vcenter_host: z.string().min(1),
  current_status: text,
});
export type OlderContext = z.output<typeof olderContextSchema>;

/** A disk of a source VM; `disk_id` is `disk-` and the VMware device key. */
export const olderDiskSchema = z.object({
  vm_context_id: text,
  disk_id: z.string().regex(/^disk-\d{1,9}$/, 'is not disk- and a device key'),
  ossea_volume_id: text,
});
export type OlderDisk = z.output<typeof olderDiskSchema>;

export const olderVolumeSchema = z.object({
  id: z.string(),
  volume_id: uuidSchema,
  volume_name: text,
  size_gb: whole,
});
export type OlderVolume = z.output<typeof olderVolumeSchema>;

/** A row that makes no sense. */
export interface UnreadableOlderRow {
  readonly table: string;
  readonly key: string;
  readonly problem: string;
}

/** What an older installation holds. */
export interface OlderInstallation {
  readonly tables: readonly { readonly table: string; readonly rows: number }[];
  readonly mappings: readonly OlderMapping[];
  readonly operations: readonly OlderOperation[];
  readonly jobs: readonly OlderJob[];
  readonly contexts: readonly OlderContext[];
  readonly disks: readonly OlderDisk[];
  readonly volumes: readonly OlderVolume[];
  readonly exports: number;
  readonly unreadable: readonly UnreadableOlderRow[];
}
