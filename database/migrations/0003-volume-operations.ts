import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const volumeOperations: Migration = {
  name: '0003-volume-operations',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS volume_operations (
      seq BIGINT NOT NULL AUTO_INCREMENT,
      id VARCHAR(64) NOT NULL,${sourceVmColumns},
      kind VARCHAR(20) NOT NULL,
      disk_key INT NOT NULL,
      attempt INT NOT NULL,
      volume_id VARCHAR(64) NULL,
      volume_name VARCHAR(255) NULL,
      vm_id VARCHAR(64) NULL,
      job_id VARCHAR(64) NULL,
      chose_volume_id BOOLEAN NOT NULL,
      found MEDIUMTEXT NULL,
      state VARCHAR(20) NOT NULL,
      failure MEDIUMTEXT NULL,
      doubtful BOOLEAN NOT NULL,
      workflow_id VARCHAR(255) NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      run_id VARCHAR(64) NOT NULL,
      activity_id VARCHAR(255) NOT NULL,
      epoch BIGINT NOT NULL,
      created_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      active_volume_id VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN state = 'recorded' THEN volume_id END) STORED,
      PRIMARY KEY (seq),
      UNIQUE KEY unique_operation (id),
      UNIQUE KEY unique_active_volume (active_volume_id),
      KEY volume (volume_id),
      KEY disk (site, source_id, source_vm_id, disk_key),
      KEY state (state)
    ) ${tableOptions('one row per operation sent to CloudStack, at most one unfinished per volume')}`);
  },
};
