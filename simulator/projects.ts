import { invalidParameter, permissionDenied } from './api-error';
import type { AccountRow, JsonObject } from './rows';
import type { World } from './world';
import type { Project } from './world-file';

/**
 * Projects own things through an account of their own (CloudStack: ProjectManagerImpl, `PrjAcct-…`), which nobody has keys of.
 * Their things are hidden from every listing that does not name a project.
 */
export function projectOfAccount(world: World, accountId: string): Project | undefined {
  return world.description.projects.find((project) => project.accountId === accountId);
}

export function isProjectAccount(world: World, accountId: string): boolean {
  return projectOfAccount(world, accountId) !== undefined;
}

/** The projects that an account may use: all for a root admin. */
export function projectsOf(world: World, caller: AccountRow): readonly Project[] {
  const { projects } = world.description;
  return caller.role === 'admin' ? projects : projects.filter((project) => project.account === caller.name);
}

/** @throws ApiError 431 for a project that is not there, 531 for one that is not the caller's (their wording is inferred) */
export function usableProject(world: World, caller: AccountRow, id: string): Project {
  const project = world.description.projects.find((each) => each.id === id);
  if (project === undefined) throw invalidParameter(`Unable to find project by id ${id}`);
  if (projectsOf(world, caller).includes(project)) return project;
  const account = JSON.stringify({ accountName: caller.name, id: caller.number, uuid: caller.id });
  throw permissionDenied(`Account Account [${account}] can't access project id=${id}`);
}

/** Whose something is, as answers tell it: an account, or a project instead of one. */
export function ownerFields(world: World, accountId: string): JsonObject {
  const project = projectOfAccount(world, accountId);
  return project === undefined
    ? { account: world.account(accountId).name }
    : { projectid: project.id, project: project.name };
}

/** What the account of a project is called. */
export function projectAccountName(project: Project): string {
  return `PrjAcct-${project.name}-1`;
}
