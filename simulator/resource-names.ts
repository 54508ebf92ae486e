/**
 * What accounts are limited in (CloudStack: Resource.ResourceType), in the order of the numbers that `resourcetype` shows. The names
 * are those of `resourcetypename`.
 */
export const resourceNames = [
  'user_vm',
  'public_ip',
  'volume',
  'snapshot',
  'template',
  'project',
  'network',
  'vpc',
  'cpu',
  'memory',
  'primary_storage',
  'secondary_storage',
  'backup',
  'backup_storage',
  'bucket',
  'object_storage',
  'gpu',
] as const;

export type ResourceName = (typeof resourceNames)[number];
