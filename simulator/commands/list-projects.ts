import { apiDate } from '../answers/dates';
import type { Command } from '../call';
import { like, pageOf, sameText } from '../listing';
import { pagingParameters, scopeParameters } from '../parameters';
import { projectAccountName, projectsOf } from '../projects';

/** listProjects: those that the caller belongs to; a root admin sees all with `listall`. */
export const listProjects: Command = {
  name: 'listProjects',
  parameters: {
    ...pagingParameters,
    ...scopeParameters,
    id: { type: 'id', entity: 'Project' },
    name: { type: 'text' },
    displaytext: { type: 'text' },
    state: { type: 'text' },
  },
  run(call) {
    const { world, caller, arguments: given } = call;
    const [id, name, keyword] = [given.text('id') ?? '', given.text('name') ?? '', given.text('keyword') ?? ''];
    const wide = given.flag('listall') === true || id !== '';
    const found = projectsOf(world, caller)
      .filter((project) => wide || project.account === caller.name)
      .filter((project) => (id === '' || project.id === id) && (name === '' || sameText(project.name, name)))
      .filter((project) => keyword === '' || like(project.name, keyword))
      .map((project, index) => ({ ...project, number: index + 1 }));
    return pageOf(call, 'project', found, (project) => {
      const owner = world.accountNamed(project.account);
      return {
        id: project.id,
        name: project.name,
        displaytext: project.displayText ?? project.name,
        domainid: world.description.rootDomainId,
        domain: 'ROOT',
        projectaccountname: projectAccountName(project),
        owner: [{ account: project.account, userid: owner?.userId }],
        state: 'Active',
        created: apiDate(world.begun),
        tags: [],
      };
    });
  },
};
