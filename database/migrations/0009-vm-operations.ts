import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const vmOperations: Migration = {
  name: '0009-vm-operations',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS vm_operations (
      seq BIGINT NOT NULL AUTO_INCREMENT,
      id VARCHAR(64) NOT NULL,${sourceVmColumns},
      kind VARCHAR(20) NOT NULL,
      attempt INT NOT NULL,
      failover_vm_id VARCHAR(64) NULL,
      failover_vm_name VARCHAR(255) NOT NULL,
      job_id VARCHAR(64) NULL,
      chose_vm_id BOOLEAN NOT NULL,
      root_volume_id VARCHAR(64) NULL,
      state VARCHAR(20) NOT NULL,
      failure MEDIUMTEXT NULL,
      workflow_id VARCHAR(255) NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      run_id VARCHAR(64) NOT NULL,
      activity_id VARCHAR(255) NOT NULL,
      epoch BIGINT NOT NULL,
      created_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      active_vm_id VARCHAR(64) GENERATED ALWAYS AS (CASE WHEN state = 'recorded' THEN failover_vm_id END) STORED,
      PRIMARY KEY (seq),
      UNIQUE KEY unique_operation (id),
      UNIQUE KEY unique_active_vm (active_vm_id),
      KEY failover_vm (failover_vm_id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('one row per operation on a failover VM, at most one unfinished per VM')}`);
  },
};
