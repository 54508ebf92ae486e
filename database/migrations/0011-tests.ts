import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const tests: Migration = {
  name: '0011-tests',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS vm_test_claims (${sourceVmColumns},
      workflow_id VARCHAR(255) NULL,
      run_id VARCHAR(64) NULL,
      epoch BIGINT NOT NULL,
      since DATETIME(3) NULL,
      PRIMARY KEY (site, source_id, source_vm_id)
    ) ${tableOptions('which test has a sandbox of a source VM, beside whoever holds the VM; the row stays')}`);

    await run(`CREATE TABLE IF NOT EXISTS test_volumes (${sourceVmColumns},
      volume_id VARCHAR(64) NOT NULL,
      volume_name VARCHAR(255) NOT NULL,
      disk_key INT NOT NULL,
      size_bytes BIGINT NOT NULL,
      point_id VARCHAR(64) NOT NULL,
      snapshot_id VARCHAR(64) NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      created_at DATETIME(3) NOT NULL,
      gone_at DATETIME(3) NULL,
      PRIMARY KEY (volume_id),
      KEY source_vm (site, source_id, source_vm_id)
    ) ${tableOptions('volumes made from snapshots for a test; they may go')}`);
  },
};
