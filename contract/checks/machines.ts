import { rowsOf } from '../world';
import type { Check, Trial } from './check';

/** VMs and what their end and their snapshots do to data volumes. */
export const machineChecks: readonly Check[] = [
  {
    name: 'destroy with expunge, data volume not named in volumeids and named',
    about: 'survives, detached / deleted with the VM',
    run: async (trial) => {
      const [kept, named] = [await trial.newVolume('kept'), await trial.newVolume('named')];
      const vm = await deployStopped(trial, 'doomed');
      for (const id of [kept, named]) {
        trial.succeeded('attach', await trial.run('attachVolume', { id, virtualmachineid: vm }));
      }
      const end = await trial.run('destroyVirtualMachine', { id: vm, expunge: 'true', volumeids: named });
      trial.succeeded('destroy', end);
      const survivor = await trial.volume(kept);
      trial.same('the one not named is there', survivor['id'], kept);
      trial.same('the one not named is detached', survivor['virtualmachineid'], undefined);
      trial.same('the one named is gone', (await trial.volume(named))['id'], undefined);
    },
  },
  {
    name: 'a VM snapshot forbids attach and detach',
    about: 'both refused in the job ("Unable to attach volume to Instance …" / "Unable to detach volume, …")',
    run: async (trial) => {
      const [attached, other] = [await trial.newVolume('before'), await trial.newVolume('after')];
      const virtualmachineid = trial.known('applianceB');
      trial.succeeded('attach', await trial.run('attachVolume', { id: attached, virtualmachineid }));
      trial.succeeded('snapshot', await trial.run('createVMSnapshot', { virtualmachineid, name: 'forbids' }));
      const attach = await trial.run('attachVolume', { id: other, virtualmachineid });
      trial.failed(
        'attach with a VM snapshot',
        attach,
        431,
        /^Unable to attach volume to Instance .*Instance Snapshots/,
      );
      const detach = await trial.run('detachVolume', { id: attached });
      trial.failed('detach with a VM snapshot', detach, 431, /^Unable to detach volume, .*Instance Snapshots/);
      trial.same('still attached', (await trial.volume(attached))['virtualmachineid'], virtualmachineid);
      const { id } = rowsOf(await trial.content('listVMSnapshot', { virtualmachineid }), 'vmSnapshot')[0] ?? {};
      trial.succeeded('delete', await trial.run('deleteVMSnapshot', { vmsnapshotid: String(id) }));
      trial.succeeded('detach without it', await trial.run('detachVolume', { id: attached }));
    },
  },
];

async function deployStopped(trial: Trial, name: string): Promise<string> {
  const { id, jobid } = await trial.content('deployVirtualMachine', {
    ...{ name, startvm: 'false', hypervisor: 'Simulator', zoneid: trial.known('zone') },
    ...{ serviceofferingid: trial.known('serviceOffering'), templateid: trial.known('template') },
    networkids: trial.known('adminNetwork'),
  });
  trial.succeeded('deploy', await trial.jobEnd(jobid));
  return String(id);
}
