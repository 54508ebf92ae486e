import type { JsonObject, JsonValue } from '../rows';

/** CloudStack's XML: a list repeats its element, an empty one leaves nothing. */
export function toXml(key: string, content: JsonObject, version: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?><${key} cloud-stack-version="${version}">${children(content)}</${key}>`;
}

function children(content: JsonObject): string {
  return Object.entries(content)
    .map(([name, value]) => element(name, value))
    .join('');
}

function element(name: string, value: JsonValue): string {
  if (value === undefined || value === null) return '';
  if (isList(value)) return value.map((each) => element(name, each)).join('');
  return `<${name}>${typeof value === 'object' ? children(value) : escaped(String(value))}</${name}>`;
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
