import type { Fields } from '../recording';
import { rowsOf } from '../world';
import type { Check } from './check';

const RACES = 10;
/** What is said before the queue of a VM to an attach that came after the other (reference §2.4). */
const TOO_LATE = /Volume state must be in Allocated, Ready|Please specify a volume that is not attached to any VM/;

/** Volumes: what §7 saw of them and no recording shows. */
export const volumeChecks: readonly Check[] = [
  {
    name: 'one volume attached to two VMs at once',
    about:
      'both jobs accepted; one succeeds; the other: job failed, "… is in Attaching. It should be in Ready or Allocated state"',
    run: async (trial) => {
      const [toA, toB] = [trial.known('applianceA'), trial.known('applianceB')];
      const race = async (round: number): Promise<{ id: string; won: number; ends: readonly Fields[] }> => {
        const id = await trial.newVolume(`race-${String(round)}`);
        const sent = await Promise.all(
          [toA, toB].map((virtualmachineid) => trial.content('attachVolume', { id, virtualmachineid })),
        );
        const ends = await Promise.all(sent.map(({ jobid }) => trial.jobEnd(jobid)));
        const won = ends.findIndex((job) => job['jobstatus'] === 1);
        // On a busy machine the second request may come when the first has begun: then it was no race.
        const late = TOO_LATE.test(JSON.stringify(ends[won === 0 ? 1 : 0]));
        return late && round < RACES ? await race(round + 1) : { id, won, ends };
      };
      const { id, won, ends } = await race(1);
      trial.same('one of both succeeds', ends.filter((job) => job['jobstatus'] === 1).length, 1);
      trial.failed(
        'the other',
        ends[won === 0 ? 1 : 0] ?? {},
        530,
        /is in Attaching\. It should be in Ready or Allocated state|is already attached to a VM/,
      );
      const volume = await trial.volume(id);
      trial.same('attached to the winner', volume['virtualmachineid'], won === 0 ? toA : toB);
      trial.same('state', volume['state'], 'Ready');
    },
  },
  {
    name: 'resizeVolume, larger and smaller, attached',
    about:
      'larger, attached: works; smaller: job failed, "… would shrink the volume.Need to sign off by supplying the shrinkok parameter …"',
    run: async (trial) => {
      const id = await trial.newVolume('resized');
      await trial.run('attachVolume', { id, virtualmachineid: trial.known('applianceA') });
      trial.succeeded('larger', await trial.run('resizeVolume', { id, size: '2' }));
      const larger = await trial.volume(id);
      trial.same('size', larger['size'], 2 * 1024 ** 3);
      trial.same('still attached', larger['virtualmachineid'], trial.known('applianceA'));
      const shrink = /would shrink the volume\.Need to sign off by supplying the shrinkok parameter/;
      trial.failed('smaller', await trial.run('resizeVolume', { id, size: '1' }), 431, shrink);
      trial.same('size after the refusal', (await trial.volume(id))['size'], 2 * 1024 ** 3);
    },
  },
  {
    name: 'createTags with a key that is there, deleteTags of one that is not',
    about: 'job: "tag K already on Volume with id X" / "Failed to delete tags"',
    run: async (trial) => {
      const id = await trial.newVolume('tagged');
      const tags = { resourcetype: 'Volume', resourceids: id, 'tags[0].key': 'K', 'tags[0].value': 'é 1' };
      trial.succeeded('a tag', await trial.run('createTags', tags));
      trial.failed(
        'the key again',
        await trial.run('createTags', tags),
        530,
        new RegExp(`^tag K already on Volume with id ${id}$`),
      );
      const absent = { resourcetype: 'Volume', resourceids: id, 'tags[0].key': 'absent' };
      trial.failed('a key that is not there', await trial.run('deleteTags', absent), 530, /^Failed to delete tags$/);
      const [tag] = rowsOf(await trial.volume(id), 'tags');
      trial.same('the tag', `${String(tag?.['key'])}=${String(tag?.['value'])}`, 'K=é 1');
    },
  },
  {
    name: 'several tags are OR-ed',
    about: 'tag filter OR (§5.6)',
    run: async (trial) => {
      for (const [name, key] of [
        ['or-1', 'one'],
        ['or-2', 'two'],
        ['or-3', 'three'],
      ] as const) {
        const resourceids = await trial.newVolume(name);
        await trial.run('createTags', {
          resourcetype: 'Volume',
          resourceids,
          'tags[0].key': key,
          'tags[0].value': 'v',
        });
      }
      const filter = { 'tags[0].key': 'one', 'tags[0].value': 'v', 'tags[1].key': 'two', 'tags[1].value': 'v' };
      const listed = await trial.content('listVolumes', filter);
      trial.same('count', listed['count'], 2);
      const names = rowsOf(listed, 'volume').map((volume) => String(volume['name']));
      trial.same('volumes', names.sort().join(' '), 'or-1 or-2');
    },
  },
  {
    name: 'the name filter is exact, the keyword is not',
    about: 'name filter exact (§5.6)',
    run: async (trial) => {
      await trial.newVolume('exact');
      await trial.newVolume('exact-not');
      trial.same('by name', (await trial.content('listVolumes', { name: 'exact' }))['count'], 1);
      trial.same('by part of a name', (await trial.content('listVolumes', { name: 'exac' }))['count'], undefined);
      trial.same('by keyword', (await trial.content('listVolumes', { keyword: 'exact' }))['count'], 2);
    },
  },
];
