import { z } from 'zod';
import { requireSomebodyToAsk } from '../ask';
import type { CommandContext } from '../command-context';
import { parseFailoverGroup, vmOfRequest } from '../failover-requests';
import { withLastRequest, withoutFinalSync } from '../final-sync';
import { readJsonFile } from '../request-file';
import { isLive, runGroup } from '../run-group';
import { withSession } from '../session';

/** As much of a group's shape as is needed to reach its members; all else is checked by the group's own schema. */
const shapeSchema = z.looseObject({ stages: z.array(z.looseObject({ members: z.array(z.unknown()) })) });

/** `diskferry failover group FILE` */
export async function run(
  context: CommandContext,
  file: string,
  options: { dryRun?: boolean; yes?: boolean; wait?: boolean },
): Promise<void> {
  const raw = await readJsonFile(file);
  const shape = shapeSchema.safeParse(raw);
  if (!shape.success) {
    parseFailoverGroup(raw);
    return;
  }
  const { stages, ...rest } = shape.data;
  const withMembers = (change: (member: unknown, index: number) => unknown): object => {
    let index = 0;
    return {
      ...rest,
      stages: stages.map((stage) => ({ ...stage, members: stage.members.map((one) => change(one, index++)) })),
    };
  };
  // Checked before anybody is asked; what a final sync was last is looked up afterwards.
  const checked = parseFailoverGroup(withMembers(withoutFinalSync));
  if (isLive(checked)) requireSomebodyToAsk(context, options, 'A live failover', 'diskferry failover group');
  const members = checked.stages.flatMap((stage) => stage.members);
  await withSession(context, async (session) => {
    const whole: unknown[] = [];
    for (const [index, member] of stages.flatMap((stage) => stage.members).entries()) {
      const request = members[index];
      if (request === undefined) continue;
      whole.push(await withLastRequest(session.temporal.client, vmOfRequest(request), member));
    }
    await runGroup(context, session, parseFailoverGroup(withMembers((_member, index) => whole[index])), options);
  });
}
