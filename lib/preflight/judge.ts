import type { Config } from '../config/schema.ts';
import type { Plan } from '../plan/model.ts';
import type { Answer } from './answer.ts';
import { judgeClock, judgeImages, judgeQuota, judgeSize, judgeSkopeo } from './judge-copy.ts';
import { judgePush } from './judge-push.ts';
import { judgeServer } from './judge-server.ts';
import type { Observation } from './observation.ts';

/** What an observation means for a copy of the plan: an answer for everything that was looked at. Pure. */
export function judge(observation: Observation, plan: Plan, config: Config): Answer[] {
  const { servers, pushes } = observation;
  return [
    ...servers.flatMap((server) => [
      ...judgeServer(server, observation),
      ...(server.role === 'target'
        ? pushes.filter((push) => push.server === server.server).flatMap((push) => judgePush(push, config))
        : []),
      ...judgeQuota(server, observation, plan, config),
    ]),
    ...judgeImages(observation, plan),
    ...judgeSize(observation),
    ...judgeClock(observation),
    ...judgeSkopeo(observation),
  ];
}
