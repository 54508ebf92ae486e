import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const vmClaims: Migration = {
  name: '0001-vm-claims',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS vm_claims (${sourceVmColumns},
      kind VARCHAR(20) NULL,
      workflow_id VARCHAR(255) NULL,
      run_id VARCHAR(64) NULL,
      epoch BIGINT NOT NULL,
      since DATETIME(3) NULL,
      PRIMARY KEY (site, source_id, source_vm_id)
    ) ${tableOptions('which workflow run holds a source VM; the row stays so that the epoch only grows')}`);
  },
};
