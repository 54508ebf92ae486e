import { type Migration, sourceVmColumns, tableOptions } from './migration';

export const adoptedOperations: Migration = {
  name: '0012-adopted-operations',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS adopted_operations (
      id VARCHAR(64) NOT NULL,${sourceVmColumns},
      adoption_id VARCHAR(64) NOT NULL,
      kind VARCHAR(20) NOT NULL,
      disk_key INT NOT NULL,
      volume_id VARCHAR(64) NOT NULL,
      vm_id VARCHAR(64) NULL,
      older_status VARCHAR(20) NOT NULL,
      error MEDIUMTEXT NULL,
      older_at DATETIME(3) NULL,
      settled_at DATETIME(3) NULL,
      settled_because MEDIUMTEXT NULL,
      PRIMARY KEY (id),
      KEY volume (volume_id)
    ) ${tableOptions('operations that the older installation left failed or unfinished; none of them is ours')}`);
  },
};
