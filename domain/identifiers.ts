import { z } from 'zod';

/**
 * Any 8-4-4-4-12 hexadecimal uuid, given back in lower case. Version and variant digits are not checked: VMware's BIOS uuids
 * (`420570c7-f61f-a930-…`) carry none. CloudStack refuses upper-case chosen ids ("doesn't follow the UUID format").
 */
export const uuidSchema = z
  .string()
  .regex(
    /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i,
    'must be a uuid such as 1c266316-503d-451d-9392-9585a6fcba41',
  )
  .transform((value) => value.toLowerCase());

/** Name of a site: a section of the worker's configuration and part of workflow ids and task queue names. */
export const siteNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, 'must be 1 to 63 of a-z 0-9 . _ - and begin with a letter or digit');

/** Name of the place a source VM comes from, for instance a vCenter. Part of the workflow id, so it holds no slash. */
export const sourceIdSchema = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[^/\s\p{Cc}]+$/u, 'must not hold a slash, white space or control characters');

/** A disk's key at its source: the VMware device key (2000, 2001, …), never its position. */
export const diskKeySchema = z.int().min(0).max(2_147_483_647);

/** A size or offset in bytes, as a safe integer. */
export const bytesSchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
