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

/** A map such as a VM's details. */
export const textMap = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String));
