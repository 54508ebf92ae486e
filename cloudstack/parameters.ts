import type { RequestParameters } from './sign';

/** A parameter as callers have it; an undefined one is not sent. */
export type ParameterValue = string | number | boolean | readonly string[] | undefined;

/** RequestParameters as CloudStack reads them: numbers and booleans as text, lists joined by commas, undefined ones left out. */
export function encodeParameters(values: Readonly<Record<string, ParameterValue>>): RequestParameters {
  const encoded: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    encoded[name] = Array.isArray(value) ? value.join(',') : String(value);
  }
  return encoded;
}

/** A map parameter: `tags[0].key=…&tags[0].value=…`. */
export function encodeMap(name: string, entries: Readonly<Record<string, string>> | undefined): RequestParameters {
  const encoded: Record<string, string> = {};
  for (const [index, [key, value]] of Object.entries(entries ?? {}).entries()) {
    encoded[`${name}[${String(index)}].key`] = key;
    encoded[`${name}[${String(index)}].value`] = value;
  }
  return encoded;
}

/** A map parameter whose names are its keys: `details[0].cpuNumber=2`. CloudStack merges the entries of all indexes. */
export function encodeDetails(name: string, entries: Readonly<Record<string, string>> | undefined): RequestParameters {
  return Object.fromEntries(Object.entries(entries ?? {}).map(([key, value]) => [`${name}[0].${key}`, value]));
}
