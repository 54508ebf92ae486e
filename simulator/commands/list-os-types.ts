import type { Command } from '../call';
import { derivedId } from '../derived-id';
import { like, pageOf } from '../listing';
import { pagingParameters } from '../parameters';

/** listOsTypes: that of the one template. */
export const listOsTypes: Command = {
  name: 'listOsTypes',
  parameters: {
    ...pagingParameters,
    id: { type: 'id', entity: 'OsType' },
    oscategoryid: { type: 'text' },
    description: { type: 'text' },
  },
  run(call) {
    const { world, arguments: given } = call;
    const { template } = world.description;
    const category = derivedId('guest system category', template.id);
    // Both texts are compared by LIKE (ManagementServerImpl.listGuestOSByCriteria).
    const texts = [given.text('description'), given.text('keyword')];
    const found =
      texts.every((text) => text === undefined || like(template.osName, text)) &&
      (given.text('oscategoryid') ?? category) === category;
    return pageOf(call, 'ostype', found ? [{ number: 1 }] : [], () => ({
      id: derivedId('guest system', template.id),
      name: template.osName,
      oscategoryid: category,
      description: template.osName,
      isuserdefined: false,
      fordisplay: true,
    }));
  },
};
