import type { FreshDatabase } from './mariadb';

/**
 * Databases of the older system, of several ages, made from the facts of reference original-system §2 and §8: the first schema
 * (`volume_id`, a path of 32 characters), one without the unique keys, and the shipped dump with its foreign keys.
 */
export type OlderAge = 'first-schema' | 'no-unique-key' | 'shipped';

export const older = {
  appliance: '1c266316-503d-451d-9392-9585a6fcba41',
  vm: '420570c7-f61f-a930-77c5-1e876786cb3c',
  host: 'quad-vcenter-01',
  context: 'ctx-pgtest1-20250909-113839',
  root: 'b3bb9310-1b59-4f62-97e8-cefffdfe3804',
  data: '3106013a-e175-423e-a090-7f0c0d4e8a53',
  failedOperation: 'eb5032e1-8461-49ea-8756-3e4fa4000399',
  stuckOperation: '0a1b2c3d-0000-4000-8000-000000000002',
} as const;

/** The path by which the shipped installation knows the first volume, and the one that the defect gave every volume. */
export const byIdPath = '/dev/disk/by-id/virtio-b3bb93101b594f6297e8';
export const singleDiskPath = `remote-vm-${older.appliance}`;

/** Makes the tables of an age, with pgtest1's rows: the first volume mapped, the second attach failed, the job stuck. */
export async function makeOlderInstallation(db: Pick<FreshDatabase, 'query'>, age: OlderAge): Promise<void> {
  for (const statement of [...(age === 'first-schema' ? firstSchema : laterSchema(age)), ...rows(age)]) {
    await db.query(statement);
  }
}

/**
 * pgtest1 with four disks, each mapped on the appliance in another of the forms that the older system ever wrote: by the VM alone, by its
 * root, by a kernel name and by the link that ends in the serial.
 */
export const everyForm = [
  { diskKey: 2000, volumeId: older.root, path: singleDiskPath },
  { diskKey: 2001, volumeId: older.data, path: `remote-vm-root-${older.appliance}` },
  { diskKey: 2002, volumeId: '259498e5-f27f-428e-8884-6f1d0c2b7a90', path: '/dev/vdd' },
  {
    diskKey: 2003,
    volumeId: '5a7f3c12-8d4e-4b61-9f20-e3c1d5a9b847',
    path: '/dev/disk/by-id/virtio-5a7f3c128d4e4b619f20',
  },
] as const;

/** Another VM, of one disk, mapped by a kernel name; only where every form is. */
export const pgtest2 = {
  vm: '4205784a-098a-40f1-1f1e-a5cd2597fd59',
  context: 'ctx-pgtest2-20250910-090000',
  volumeId: '7c1f9a34-2b6d-4e58-a0c7-d9e4f1b28365',
  path: '/dev/vdf',
} as const;

/** Adds to the shipped age what is missing of {@link everyForm}. */
export async function giveEveryForm(db: Pick<FreshDatabase, 'query'>): Promise<void> {
  await db.query(`INSERT INTO vm_replication_contexts (context_id, vm_name, vmware_vm_id, vcenter_host, current_status)
    VALUES ('${pgtest2.context}', 'pgtest2', '${pgtest2.vm}', '${older.host}', 'ready_for_failover')`);
  await db.query(`INSERT INTO ossea_volumes (id, volume_id, volume_name, size_gb, status)
    VALUES (210, '${pgtest2.volumeId}', 'migration-pgtest2-pgtest2-disk-0', 10, 'attached')`);
  await db.query(`INSERT INTO vm_disks (id, vm_context_id, disk_id, size_gb, ossea_volume_id)
    VALUES (810, '${pgtest2.context}', 'disk-2000', 5, 210)`);
  await db.query(`INSERT INTO device_mappings (id, vm_context_id, volume_uuid, vm_id, device_path, cloudstack_state, linux_state, size)
    VALUES ('m-9', '${pgtest2.context}', '${pgtest2.volumeId}', '${older.appliance}', '${pgtest2.path}', 'attached', 'detected', 10737418240)`);
  for (const [index, { diskKey, volumeId, path }] of everyForm.entries()) {
    if (index === 0) continue;
    if (index > 1) {
      const osseaId = String(198 + index);
      await db.query(`INSERT INTO ossea_volumes (id, volume_id, volume_name, size_gb, status) VALUES
        (${osseaId}, '${volumeId}', 'migration-pgtest1-pgtest1-disk-${String(index)}', 10, 'attached')`);
      await db.query(`INSERT INTO vm_disks (id, job_id, vm_context_id, disk_id, size_gb, ossea_volume_id) VALUES
        (${String(790 + index)}, 'job-20250928-101500', '${older.context}', 'disk-${String(diskKey)}', 5, ${osseaId})`);
    }
    await db.query(`INSERT INTO device_mappings (id, vm_context_id, volume_uuid, vm_id, device_path, cloudstack_state, linux_state, size)
      VALUES ('m-${String(index + 1)}', '${older.context}', '${volumeId}', '${older.appliance}', '${path}', 'attached', 'detected', 0)`);
  }
}

const TABLE = 'ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci';

const firstSchema = [
  `CREATE TABLE device_mappings (id VARCHAR(64) NOT NULL PRIMARY KEY, volume_id VARCHAR(64) NOT NULL UNIQUE, vm_id VARCHAR(64) NOT NULL,
     device_path VARCHAR(32) NOT NULL UNIQUE, cloudstack_state VARCHAR(32), linux_state VARCHAR(32), size BIGINT,
     last_sync TIMESTAMP NULL, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP) ${TABLE}`,
  `CREATE TABLE volume_operations (id VARCHAR(64) NOT NULL PRIMARY KEY, type ENUM('create','attach','detach','delete') NOT NULL,
     status ENUM('pending','executing','completed','failed','cancelled') NOT NULL DEFAULT 'pending', volume_id VARCHAR(64) NOT NULL,
     vm_id VARCHAR(64), request JSON NOT NULL, response JSON, error TEXT, created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
     completed_at TIMESTAMP NULL, KEY idx_volume (volume_id)) ${TABLE}`,
];

function laterSchema(age: OlderAge): string[] {
  const keys =
    age === 'shipped'
      ? ', UNIQUE KEY volume_uuid (volume_uuid), UNIQUE KEY unique_volume (volume_uuid), UNIQUE KEY unique_device_path (device_path)'
      : '';
  return [
    `CREATE TABLE vm_replication_contexts (context_id VARCHAR(64) NOT NULL PRIMARY KEY, vm_name VARCHAR(191) NOT NULL,
       vmware_vm_id VARCHAR(191) NOT NULL, vcenter_host VARCHAR(191) NOT NULL, current_status ENUM('discovered','replicating',
       'ready_for_failover','failed_over_test','failed_over_live','completed','failed','cleanup_required') DEFAULT 'discovered',
       current_job_id VARCHAR(191), last_operation_summary JSON, UNIQUE KEY uniq_vm (vmware_vm_id, vcenter_host)) ${TABLE}`,
    `CREATE TABLE replication_jobs (id VARCHAR(191) NOT NULL PRIMARY KEY, vm_context_id VARCHAR(64), source_vm_name VARCHAR(191),
       status VARCHAR(191) DEFAULT 'pending', progress_percent DOUBLE, throughput FLOAT, bytes_transferred BIGINT, error_message TEXT, change_id VARCHAR(191),
       created_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
       CONSTRAINT fk_jobs_context FOREIGN KEY (vm_context_id) REFERENCES vm_replication_contexts (context_id) ON DELETE CASCADE) ${TABLE}`,
    `CREATE TABLE ossea_volumes (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, volume_id VARCHAR(191) NOT NULL UNIQUE,
       volume_name VARCHAR(191), size_gb BIGINT, device_path VARCHAR(191), status VARCHAR(50)) ${TABLE}`,
    `CREATE TABLE vm_disks (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, job_id VARCHAR(191), vm_context_id VARCHAR(64), disk_id VARCHAR(191),
       size_gb BIGINT, capacity_bytes BIGINT, ossea_volume_id BIGINT, disk_change_id VARCHAR(191), raw_state VARBINARY(64),
       UNIQUE KEY uniq_context_disk (vm_context_id, disk_id),
       CONSTRAINT fk_disks_job FOREIGN KEY (job_id) REFERENCES replication_jobs (id) ON DELETE CASCADE,
       CONSTRAINT fk_disks_context FOREIGN KEY (vm_context_id) REFERENCES vm_replication_contexts (context_id) ON DELETE CASCADE,
       CONSTRAINT fk_disks_volume FOREIGN KEY (ossea_volume_id) REFERENCES ossea_volumes (id)) ${TABLE}`,
    `CREATE TABLE device_mappings (id VARCHAR(64) NOT NULL DEFAULT (UUID()) PRIMARY KEY, vm_context_id VARCHAR(64), volume_uuid VARCHAR(64) NOT NULL,
       volume_id_numeric BIGINT, vm_id VARCHAR(64) NOT NULL, operation_mode ENUM('oma','failover') DEFAULT 'oma', cloudstack_device_id INT,
       requires_device_correlation TINYINT(1) DEFAULT 1, device_path VARCHAR(255) NOT NULL, cloudstack_state VARCHAR(32), linux_state VARCHAR(32),
       size BIGINT, last_sync TIMESTAMP NULL, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, persistent_device_name VARCHAR(255)${keys},
       KEY idx_uuid (volume_uuid),
       CONSTRAINT fk_mappings_context FOREIGN KEY (vm_context_id) REFERENCES vm_replication_contexts (context_id) ON DELETE CASCADE) ${TABLE}`,
    `CREATE TABLE volume_operations (id VARCHAR(64) NOT NULL PRIMARY KEY, type ENUM('create','attach','detach','delete','cleanup') NOT NULL,
       status ENUM('pending','executing','completed','failed','cancelled') NOT NULL DEFAULT 'pending', volume_id VARCHAR(64) NOT NULL,
       vm_id VARCHAR(64), request JSON NOT NULL, response JSON, error TEXT, created_at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP) ${TABLE}`,
    `CREATE TABLE nbd_exports (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, vm_context_id VARCHAR(64), job_id VARCHAR(191), vm_disk_id BIGINT,
       device_mapping_uuid VARCHAR(64), export_name VARCHAR(191) NOT NULL UNIQUE, port INT, device_path LONGTEXT, status VARCHAR(50) DEFAULT 'pending',
       CONSTRAINT fk_exports_job FOREIGN KEY (job_id) REFERENCES replication_jobs (id) ON DELETE CASCADE,
       CONSTRAINT fk_exports_disk FOREIGN KEY (vm_disk_id) REFERENCES vm_disks (id) ON DELETE CASCADE,
       CONSTRAINT fk_exports_mapping FOREIGN KEY (device_mapping_uuid) REFERENCES device_mappings (volume_uuid) ON DELETE CASCADE) ${TABLE}`,
    `CREATE TABLE cbt_history (id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY, job_id VARCHAR(191) NOT NULL, disk_id VARCHAR(191),
       change_id VARCHAR(191), CONSTRAINT fk_cbt_job FOREIGN KEY (job_id) REFERENCES replication_jobs (id) ON DELETE CASCADE) ${TABLE}`,
  ];
}

function rows(age: OlderAge): string[] {
  const operations = `INSERT INTO volume_operations (id, type, status, volume_id, vm_id, request, error) VALUES
    ('${older.failedOperation}', 'attach', 'failed', '${older.data}', '${older.appliance}', '{}', 'Error 1062: Duplicate entry ''${singleDiskPath}'' for key ''unique_device_path'''),
    ('0a1b2c3d-0000-4000-8000-000000000001', 'create', 'completed', '', NULL, '{"name": "x"}', NULL),
    ('${older.stuckOperation}', 'detach', 'executing', '${older.root}', '${older.appliance}', '{}', NULL)`;
  if (age === 'first-schema') {
    return [
      `INSERT INTO device_mappings (id, volume_id, vm_id, device_path, cloudstack_state, linux_state, size)
         VALUES ('m-1', '${older.root}', '${older.appliance}', '/dev/vdb', 'attached', 'detected', 114890375168)`,
      operations,
    ];
  }
  const mapping = (id: string, volume: string, path: string, size: string): string =>
    `INSERT INTO device_mappings (id, vm_context_id, volume_uuid, vm_id, cloudstack_device_id, device_path, cloudstack_state, linux_state, size)
       VALUES ('${id}', '${older.context}', '${volume}', '${older.appliance}', NULL, '${path}', 'attached', 'detected', ${size})`;
  return [
    `INSERT INTO vm_replication_contexts (context_id, vm_name, vmware_vm_id, vcenter_host, current_status, last_operation_summary)
       VALUES ('${older.context}', 'pgtest1', '${older.vm}', '${older.host}', 'replicating', '{"ok": false}')`,
    `INSERT INTO replication_jobs (id, vm_context_id, source_vm_name, status, progress_percent, throughput, bytes_transferred, change_id)
       VALUES ('job-20250928-101500', '${older.context}', 'pgtest1', 'provisioning', 12.345678901234567, 3.3333333, 9007199254740993,
         '52 de a1 dc-40 03/1191')`,
    `INSERT INTO ossea_volumes (id, volume_id, volume_name, size_gb, status) VALUES
       (198, '${older.root}', 'migration-pgtest1-pgtest1-disk-0', 107, 'attached'), (199, '${older.data}', 'migration-pgtest1-pgtest1-disk-1', 10, 'creating')`,
    `INSERT INTO vm_disks (id, job_id, vm_context_id, disk_id, size_gb, ossea_volume_id, raw_state) VALUES
       (790, 'job-20250928-101500', '${older.context}', 'disk-2000', 102, 198, X'00ff0a'), (791, 'job-20250928-101500', '${older.context}', 'disk-2001', 5, 199, NULL)`,
    ...(age === 'shipped'
      ? [mapping('m-1', older.root, singleDiskPath, '0')]
      : [mapping('m-1', older.root, singleDiskPath, '0'), mapping('m-2', older.data, singleDiskPath, '0')]),
    operations,
    `INSERT INTO nbd_exports (id, vm_context_id, job_id, vm_disk_id, device_mapping_uuid, export_name, port, device_path, status)
       VALUES (437, '${older.context}', 'job-20250928-101500', 790, '${older.root}', 'migration-vol-${older.root}', 10809, '${byIdPath}', 'active')`,
    `INSERT INTO cbt_history (job_id, disk_id, change_id) VALUES ('job-20250928-101500', 'disk-2000', '52 de a1 dc-40 03/1190')`,
  ];
}
