import type { JobRow, JsonObject } from '../rows';
import type { World } from '../world';
import { apiDate } from './dates';

/** A job as `queryAsyncJobResult` shows it. A job that a restart cut off keeps its server and has no result. */
export function jobAnswer(world: World, job: JobRow): JsonObject {
  const account = world.account(job.accountId);
  const heldByServer = job.result === null;
  return {
    accountid: account.id,
    account: account.name,
    domainid: world.description.rootDomainId,
    domainpath: 'ROOT',
    userid: account.userId,
    cmd: job.javaClass,
    jobprocstatus: 0,
    jobresultcode: job.resultCode,
    ...(job.result !== null && { jobresulttype: 'object', jobresult: job.result }),
    ...(job.instanceId !== null && { jobinstancetype: job.instanceType, jobinstanceid: job.instanceId }),
    ...(heldByServer && { managementserverid: world.managementServerId, managementservername: 'localhost' }),
    created: apiDate(job.created),
    completed: job.completed === null ? undefined : apiDate(job.completed),
    jobid: job.id,
    jobstatus: job.status,
  };
}
