import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const recoveryPoints: Migration = {
  name: '0008-recovery-points',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS recovery_points (
      seq BIGINT NOT NULL AUTO_INCREMENT,
      id VARCHAR(64) NOT NULL,${sourceVmColumns},
      purpose VARCHAR(20) NOT NULL,
      state VARCHAR(20) NOT NULL,
      workflow_id VARCHAR(255) NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      created_at DATETIME(3) NOT NULL,
      completed_at DATETIME(3) NULL,
      gone_at DATETIME(3) NULL,
      PRIMARY KEY (seq),
      UNIQUE KEY unique_point (id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('snapshots of all volumes of a VM, all or none')}`);

    await run(`CREATE TABLE IF NOT EXISTS recovery_point_snapshots (
      point_id VARCHAR(64) NOT NULL,
      disk_key INT NOT NULL,
      boot BOOLEAN NOT NULL,
      volume_id VARCHAR(64) NOT NULL,
      size_bytes BIGINT NOT NULL,
      generation INT NOT NULL,
      hash VARCHAR(255) NULL,
      snapshot_id VARCHAR(64) NULL,
      snapshot_name VARCHAR(255) NULL,
      gone_at DATETIME(3) NULL,
      PRIMARY KEY (point_id, disk_key),
      UNIQUE KEY unique_snapshot (snapshot_id)
    ) ${tableOptions('the snapshot of one disk in a recovery point')}`);
  },
};
