import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../support/until';
import { simulatedSite } from './simulated-site';
import type { Fields, SimulatedSite } from './simulated-site';

const APPLIANCE = '1c266316-503d-451d-9392-9585a6fcba41';

describe('mock commands of the simulator hypervisor', () => {
  let site: SimulatedSite;
  beforeEach(async () => {
    site = await simulatedSite();
  });
  afterEach(async () => {
    await site.close();
  });

  const configure = async (parameters: Fields): Promise<string> => {
    const { content } = await site.admin.call('configureSimulator', parameters, 'POST');
    return String((content['simulatormock'] as { id: number }).id);
  };
  const attach = (id: string) => site.admin.run('attachVolume', { id, virtualmachineid: APPLIANCE });

  test('AttachCommand fails: the server trips over the class of the answer, the volume is Ready and detached', async () => {
    const id = await site.newVolume('fault');
    await configure({ name: 'AttachCommand', value: 'result:fail', count: '1' });
    const job = await attach(id);
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    const [given, wanted] = ['com.cloud.agent.api.Answer', 'org.apache.cloudstack.storage.command.AttachAnswer'];
    expect(job.jobresult?.errortext).toContain(
      `Failed to attach volume fault to VM appliance-qc due to: class ${given} cannot be cast to class ${wanted} (`,
    );
    const volume = await site.admin.volume(id);
    expect(volume).toMatchObject({ state: 'Ready' });
    expect(volume).not.toHaveProperty('virtualmachineid');
    expect((await attach(id)).jobstatus).toBe(1);
  });

  test('a whole AttachAnswer is a clean refusal with its details', async () => {
    const id = await site.newVolume('full');
    const answer = { 'org.apache.cloudstack.storage.command.AttachAnswer': { result: false, details: 'no slot' } };
    await configure({ name: 'AttachCommand', value: 'enabled:true', count: '1', jsonresponse: JSON.stringify(answer) });
    expect((await attach(id)).jobresult?.errortext).toBe('Failed to attach volume full to VM appliance-qc; no slot');
  });

  test('DettachCommand fails: the volume stays attached', async () => {
    const id = await site.newVolume('stays');
    await attach(id);
    await configure({ name: 'DettachCommand', value: 'result:fail', count: '1' });
    expect((await site.admin.run('detachVolume', { id })).jobresult?.errortext).toBe(
      'Failed to detach volume stays from VM appliance-qc; Simulated failure',
    );
    expect(await site.admin.volume(id)).toMatchObject({ virtualmachineid: APPLIANCE });
    expect((await site.admin.run('detachVolume', { id })).jobstatus).toBe(1);
  });

  test('CreateObjectCommand fails: Allocated, and the pool is not suitable any more', async () => {
    const id = await site.newVolume('fault2');
    const named = `[{"name":"fault2","uuid":"${id}"}]`;
    await configure({ name: 'CreateObjectCommand', value: 'result:fail', count: '1' });
    expect((await attach(id)).jobresult?.errortext).toBe(
      `Failed to create volume ${named} due to [Simulated failure].`,
    );
    expect((await attach(id)).jobresult?.errortext).toBe(
      `Unable to find suitable primary storage when creating volume ${named}.`,
    );
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Allocated' });
  });

  test('DeleteCommand fails: HTTP 530 and state Destroy', async () => {
    const id = await site.newVolume('fault');
    await attach(id);
    await site.admin.run('detachVolume', { id });
    await configure({ name: 'DeleteCommand', value: 'result:fail', count: '1' });
    const refused = await site.admin.call('deleteVolume', { id });
    expect(refused).toMatchObject({ status: 530, content: { cserrorcode: 4250 } });
    expect(refused.content.errortext).toMatch(/in Primary data store : Simulated failure$/);
    expect(await site.admin.volume(id)).toMatchObject({ state: 'Destroy' });
    expect((await site.admin.call('deleteVolume', { id })).content).toEqual({ success: true });
  });

  test('wait holds the hypervisor, count is counted down, clean-up ends it', async () => {
    const id = await site.newVolume('slow');
    const mock = await configure({ name: 'AttachCommand', value: 'wait:400', count: '2' });
    const begun = Date.now();
    const attaching = attach(id);
    await until(async () => (await site.admin.volume(id))?.state === 'Attaching');
    expect((await attaching).jobstatus).toBe(1);
    expect(Date.now() - begun).toBeGreaterThanOrEqual(400);
    expect((await site.admin.call('querySimulatorMock', { id: mock })).content).toEqual({
      simulatormock: { id: Number(mock), name: 'AttachCommand', count: 1 },
    });
    expect((await site.admin.call('cleanupSimulatorMock', { id: mock })).content).toEqual({ success: true });
    expect((await site.admin.call('querySimulatorMock', { id: mock })).status).toBe(530);
  });

  test('result:fault answers the exception and is not counted; a stopped VM asks no hypervisor', async () => {
    const id = await site.newVolume('faulty');
    await attach(id);
    const mock = await configure({ name: 'DettachCommand', value: 'result:fault', count: '1' });
    for (let attempt = 0; attempt < 2; attempt += 1) {
      expect((await site.admin.run('detachVolume', { id })).jobresult?.errortext).toContain(
        '; java.lang.Exception: Simulated fault',
      );
    }
    await site.admin.run('stopVirtualMachine', { id: APPLIANCE });
    expect((await site.admin.run('detachVolume', { id })).jobstatus).toBe(1);
    expect((await site.admin.call('querySimulatorMock', { id: mock })).content).toMatchObject({
      simulatormock: { count: 1 },
    });
  });

  test('is not for normal users', async () => {
    const refused = await site.user.call('configureSimulator', { name: 'AttachCommand', value: 'result:fail' });
    expect(refused.status).toBe(432);
  });
});
