import { type Migration, tableOptions } from './migration';

/**
 * Columns without which the older system's rows, and rows written by hand, would make no sense are NOT NULL; the rest has
 * defaults, so that what refuses a duplicate is `unique_device_path` and not a forgotten column.
 */
const columns = `
      device_path VARCHAR(255) NOT NULL,
      vm_id VARCHAR(64) NOT NULL,
      volume_uuid VARCHAR(64) NOT NULL,
      device_node VARCHAR(512) NULL,
      cloudstack_device_id INT NULL,
      role VARCHAR(20) NOT NULL DEFAULT 'replica',
      state VARCHAR(20) NOT NULL DEFAULT 'mapped',
      size_bytes BIGINT NOT NULL DEFAULT 0,
      owner_workflow_id VARCHAR(255) NOT NULL DEFAULT '',
      mapped_by_first_run_id VARCHAR(64) NOT NULL DEFAULT '',
      created_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)`;

export const deviceMappings: Migration = {
  name: '0004-device-mappings',
  async up(run) {
    await run(`CREATE TABLE IF NOT EXISTS device_mappings (
      id BIGINT NOT NULL AUTO_INCREMENT,${columns},
      PRIMARY KEY (id),
      UNIQUE KEY unique_device_path (device_path),
      UNIQUE KEY unique_volume_uuid (volume_uuid),
      UNIQUE KEY unique_vm_device_node (vm_id, device_node),
      KEY vm (vm_id)
    ) ${tableOptions('volumes that are attached and whose device is proven, live rows only')}`);

    await run(`CREATE TABLE IF NOT EXISTS device_mapping_history (
      id BIGINT NOT NULL AUTO_INCREMENT,${columns},
      unmapped_at DATETIME(3) NOT NULL,
      unmapped_because MEDIUMTEXT NOT NULL,
      PRIMARY KEY (id),
      KEY volume_uuid (volume_uuid),
      KEY vm (vm_id)
    ) ${tableOptions('mappings that were, appended to only')}`);
  },
};
