import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const volumes: Migration = {
  name: '0002-volumes',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS volumes (${sourceVmColumns},
      volume_id VARCHAR(64) NOT NULL,
      volume_name VARCHAR(255) NOT NULL,
      disk_key INT NOT NULL,
      size_bytes BIGINT NOT NULL,
      backing_uuid VARCHAR(100) NULL,
      created_by_workflow_id VARCHAR(255) NOT NULL,
      created_by_first_run_id VARCHAR(64) NOT NULL,
      copy_begun BOOLEAN NOT NULL,
      generation INT NOT NULL,
      verified_at DATETIME(3) NULL,
      verified_hash VARCHAR(255) NULL,
      gone_at DATETIME(3) NULL,
      kept_because MEDIUMTEXT NULL,
      created_at DATETIME(3) NOT NULL,
      PRIMARY KEY (volume_id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('who made a volume, for which disk, and whether it may hold data')}`);

    await run(`CREATE TABLE IF NOT EXISTS vm_disks (${sourceVmColumns},
      disk_key INT NOT NULL,
      volume_id VARCHAR(64) NOT NULL,
      backing_uuid VARCHAR(100) NULL,
      boot BOOLEAN NOT NULL,
      PRIMARY KEY (site, source_id, source_vm_id, disk_key),
      UNIQUE KEY unique_volume (volume_id)
    ) ${tableOptions('the volume that a disk keeps from run to run')}`);
  },
};
