import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Catalogue, allCasesOf } from './cases';

/**
 * What the latest `npm run prove` heard of an area: `npm test` draws its sample from it, and a test of the domain compares it with the
 * tables of steps, without running anything.
 */
export const catalogueFile = (area: string): string => join(__dirname, area, 'catalogue.json');

export async function readCatalogue(area: string): Promise<Catalogue> {
  return JSON.parse(await readFile(catalogueFile(area), 'utf8')) as Catalogue;
}

/**
 * Writes a catalogue, unless the one that is there has the same cases: disks go side by side, so that the order is chance.
 *
 * @returns whether it was written
 */
export async function writeCatalogue(area: string, catalogue: Catalogue): Promise<boolean> {
  const before = await readCatalogue(area).catch(() => ({}));
  if (JSON.stringify(namesOf(before)) === JSON.stringify(namesOf(catalogue))) return false;
  await writeFile(catalogueFile(area), `${JSON.stringify(catalogue, undefined, 2)}\n`);
  return true;
}

const namesOf = (catalogue: Catalogue): string[] =>
  allCasesOf(catalogue)
    .map(({ id }) => id)
    .sort();
