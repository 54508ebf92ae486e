import { z } from 'zod';

/** How CloudStack writes values: tolerantly read, as releases and clients' proxies differ (numbers and booleans as text). */

export const uuid = z.string().min(1);

export const number = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .transform(Number),
]);

export const boolean = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);

/** As CloudStack writes it (`2026-11-22T16:00:57+0000`, other releases and zones `2026-11-22T17:00:57+0100`); compared by nobody. */
export const date = z.union([
  z.string(),
  z
    .number()
    .min(-8.64e15)
    .max(8.64e15)
    .transform((time) => new Date(time).toISOString()),
]);

/** A map such as a VM's details. */
export const textMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));
