import { type Migration, tableOptions } from './migration';

export const exportsAndCopies: Migration = {
  name: '0005-exports-and-copies',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS nbd_exports (
      volume_id VARCHAR(64) NOT NULL,
      export_name VARCHAR(255) NOT NULL,
      appliance_id VARCHAR(64) NOT NULL,
      device_node VARCHAR(512) NOT NULL,
      state VARCHAR(20) NOT NULL,
      owner_workflow_id VARCHAR(255) NOT NULL,
      created_at DATETIME(3) NOT NULL,
      PRIMARY KEY (volume_id),
      UNIQUE KEY unique_export_name (export_name),
      UNIQUE KEY unique_appliance_device_node (appliance_id, device_node)
    ) ${tableOptions('NBD exports that are open or being opened')}`);

    await run(`CREATE TABLE IF NOT EXISTS copy_progress (
      volume_id VARCHAR(64) NOT NULL,
      generation INT NOT NULL,
      first_run_id VARCHAR(64) NOT NULL,
      source_bytes BIGINT NOT NULL,
      watermark BIGINT NOT NULL,
      data_bytes BIGINT NOT NULL,
      verified_bytes BIGINT NOT NULL,
      started_at DATETIME(3) NOT NULL,
      updated_at DATETIME(3) NOT NULL,
      PRIMARY KEY (volume_id)
    ) ${tableOptions('how far copying and verifying a volume has come')}`);

    await run(`CREATE TABLE IF NOT EXISTS copy_windows (
      volume_id VARCHAR(64) NOT NULL,
      window_index INT NOT NULL,
      source_sha256 VARCHAR(64) NOT NULL,
      PRIMARY KEY (volume_id, window_index)
    ) ${tableOptions('hashes of the 1 GiB windows of the source as they were read')}`);
  },
};
