import type { Generated, GeneratedAlways } from 'kysely';

/**
 * The tables as Kysely types them; the migrations make them. Times are DATETIME(3) in UTC and come as ISO strings, sizes are
 * BIGINT and come as numbers, flags are BOOLEAN and come as booleans (pool.ts).
 */
export interface Tables {
  vm_claims: ClaimColumns & { kind: string | null };
  volume_operations: SourceVmColumns & {
    seq: GeneratedAlways<number>;
    id: string;
    kind: string;
    disk_key: number;
    attempt: number;
    volume_id: string | null;
    volume_name: string | null;
    vm_id: string | null;
    job_id: string | null;
    chose_volume_id: boolean;
    found: string | null;
    state: string;
    failure: string | null;
    doubtful: boolean;
    workflow_id: string;
    first_run_id: string;
    run_id: string;
    activity_id: string;
    epoch: number;
    created_at: string;
    updated_at: string;
    active_volume_id: GeneratedAlways<string | null>;
  };
  volumes: SourceVmColumns & {
    volume_id: string;
    volume_name: string;
    disk_key: number;
    size_bytes: number;
    backing_uuid: string | null;
    created_by_workflow_id: string;
    created_by_first_run_id: string;
    copy_begun: boolean;
    generation: number;
    verified_at: string | null;
    verified_hash: string | null;
    gone_at: string | null;
    kept_because: string | null;
    created_at: string;
  };
  device_mappings: DeviceMappingColumns & { id: GeneratedAlways<number>; created_at: Generated<string> };
  device_mapping_history: DeviceMappingColumns & {
    id: GeneratedAlways<number>;
    created_at: string;
    unmapped_at: string;
    unmapped_because: string;
  };
  nbd_exports: {
    volume_id: string;
    export_name: string;
    appliance_id: string;
    device_node: string;
    state: string;
    owner_workflow_id: string;
    created_at: string;
  };
  copy_progress: {
    volume_id: string;
    generation: number;
    first_run_id: string;
    source_bytes: number;
    watermark: number;
    data_bytes: number;
    verified_bytes: number;
    started_at: string;
    updated_at: string;
  };
  copy_windows: { volume_id: string; window_index: number; source_sha256: string };
  appliance_slots: SourceVmColumns & {
    appliance_id: string;
    disk_key: number;
    owner_workflow_id: string;
    reserved_at: string;
  };
  appliance_slot_locks: { appliance_id: string };
  replication_jobs: SourceVmColumns & {
    seq: GeneratedAlways<number>;
    first_run_id: string;
    workflow_id: string;
    vm_name: string;
    appliance_id: string;
    request_id: string;
    request_digest: string;
    phase: string;
    reason: string | null;
    failure: string | null;
    result: string | null;
    started_at: string;
    updated_at: string;
    ended_at: string | null;
  };
  vm_disks: SourceVmColumns & {
    disk_key: number;
    volume_id: string;
    backing_uuid: string | null;
    boot: boolean;
  };
  recovery_points: SourceVmColumns & {
    seq: GeneratedAlways<number>;
    id: string;
    purpose: string;
    state: string;
    workflow_id: string;
    first_run_id: string;
    created_at: string;
    completed_at: string | null;
    gone_at: string | null;
  };
  recovery_point_snapshots: {
    point_id: string;
    disk_key: number;
    boot: boolean;
    volume_id: string;
    size_bytes: number;
    generation: number;
    hash: string | null;
    snapshot_id: string | null;
    snapshot_name: string | null;
    gone_at: string | null;
  };
  vm_operations: SourceVmColumns & {
    seq: GeneratedAlways<number>;
    id: string;
    kind: string;
    attempt: number;
    failover_vm_id: string | null;
    failover_vm_name: string;
    job_id: string | null;
    chose_vm_id: boolean;
    root_volume_id: string | null;
    state: string;
    failure: string | null;
    workflow_id: string;
    first_run_id: string;
    run_id: string;
    activity_id: string;
    epoch: number;
    created_at: string;
    updated_at: string;
    active_vm_id: GeneratedAlways<string | null>;
  };
  failovers: SourceVmColumns & {
    seq: GeneratedAlways<number>;
    first_run_id: string;
    workflow_id: string;
    kind: string;
    vm_name: string;
    appliance_id: string;
    request_id: string;
    request_digest: string;
    phase: string;
    reason: string | null;
    failure: string | null;
    result: string | null;
    failover_vm_id: string | null;
    failover_vm_name: string | null;
    point_id: string | null;
    lease_until: string | null;
    started_at: string;
    updated_at: string;
    ended_at: string | null;
  };
  live_failovers: SourceVmColumns & {
    failover_vm_id: string;
    failover_vm_name: string;
    appliance_id: string;
    point_id: string;
    volumes: string;
    first_run_id: string;
    since: string;
  };
  vm_test_claims: ClaimColumns;
  test_volumes: SourceVmColumns & {
    volume_id: string;
    volume_name: string;
    disk_key: number;
    size_bytes: number;
    point_id: string;
    snapshot_id: string;
    first_run_id: string;
    created_at: string;
    gone_at: string | null;
  };
  adopted_operations: SourceVmColumns & {
    id: string;
    adoption_id: string;
    kind: string;
    disk_key: number;
    volume_id: string;
    vm_id: string | null;
    older_status: string;
    error: string | null;
    older_at: string | null;
    settled_at: string | null;
    settled_because: string | null;
  };
}

interface SourceVmColumns {
  site: string;
  source_id: string;
  source_vm_id: string;
}

interface ClaimColumns extends SourceVmColumns {
  workflow_id: string | null;
  run_id: string | null;
  epoch: number;
  since: string | null;
}

interface DeviceMappingColumns {
  device_path: string;
  vm_id: string;
  volume_uuid: string;
  device_node: string | null;
  cloudstack_device_id: number | null;
  role: string;
  state: string;
  size_bytes: number;
  owner_workflow_id: string;
  mapped_by_first_run_id: string;
}

const names: Readonly<Record<keyof Tables, true>> = {
  vm_claims: true,
  volume_operations: true,
  volumes: true,
  device_mappings: true,
  device_mapping_history: true,
  nbd_exports: true,
  copy_progress: true,
  copy_windows: true,
  appliance_slots: true,
  appliance_slot_locks: true,
  replication_jobs: true,
  vm_disks: true,
  recovery_points: true,
  recovery_point_snapshots: true,
  vm_operations: true,
  failovers: true,
  live_failovers: true,
  vm_test_claims: true,
  test_volumes: true,
  adopted_operations: true,
};

/** Names of all tables that are ours, but the one that records the migrations. */
export const tableNames = Object.keys(names) as readonly (keyof Tables)[];
