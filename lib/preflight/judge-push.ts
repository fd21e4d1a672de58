import type { Config } from '../config/schema.ts';
import { PROFILES } from '../plan/profiles.ts';
import type { Answer } from './answer.ts';
import type { ObservedPush, Refusal } from './observation.ts';

/** Whether the target accepts what the mirror pushes to one project. */
export function judgePush(
  { server, repository, refusal, cancelled, probe }: ObservedPush,
  config: Config,
): Answer[] {
  if (refusal) return [refused(server, repository, refusal, config)];
  const unfinished = cancelled
    ? ''
    : '; the registry did not accept the cancellation and removes the unfinished upload when it expires';
  const allowed: Answer = {
    about: server,
    check: 'push',
    result: 'ok',
    message: `an upload to ${repository} can be started${unfinished}`,
  };
  if (!probe) return [allowed];
  return [allowed, ...judgeProbe(server, repository, probe, config)];
}

function judgeProbe(
  server: string,
  repository: string,
  { tag, refusal, sparseRefused, deleted }: NonNullable<ObservedPush['probe']>,
  config: Config,
): Answer[] {
  const of = (result: Answer['result'], message: string, hint?: string): Answer => ({
    about: server,
    check: 'test image',
    result,
    message,
    ...(hint && { hint }),
  });
  if (refusal) return [refused(server, repository, refusal, config, 'test image')];
  const answers = [
    sparseRefused
      ? of(
          'failed',
          `does not accept an index with a missing platform: ${sparseRefused}`,
          'Set mirror.platforms: all, or configure the registry to accept it',
        )
      : of(
          'ok',
          `accepts ${config.mirror?.platforms === 'all' ? 'an image' : 'an index of the selected platforms'} in ${repository}`,
        ),
  ];
  if (!deleted) {
    answers.push(
      of(
        'warning',
        `the test image ${repository}:${tag} could not be deleted`,
        'Delete it manually: the login does not have the permission to delete',
      ),
    );
  }
  return answers;
}

function refused(
  server: string,
  repository: string,
  { status, kind, message }: Refusal,
  config: Config,
  check: Answer['check'] = 'push',
): Answer {
  const { creates, createFirst } = PROFILES[config.registry.profile];
  const components = repository.split('/');
  const project = components.slice(0, createFirst === 'all' ? undefined : createFirst).join('/');
  const create = project ? `Create the ${creates} "${project}"` : `Create ${repository}, or its project`;
  const answer = (hint: string): Answer => ({ about: server, check, result: 'failed', message, hint });
  if (/quota|exceed|storage|insufficient/i.test(message)) {
    return answer('The registry has no space left: raise the quota of the project, or delete images');
  }
  if (status === 404) return answer(`${create} before the copy`);
  if (status === 401 || status === 403) {
    const orMissing = project
      ? `, or ${create.replace(/^C/, 'c')}: some registries give the same answer if it does not exist`
      : '';
    return answer(`Give the login in mirror.auth the permission to push to ${repository}${orMissing}`);
  }
  if (status === 405) {
    return answer(
      'The registry is read-only or a pull-through cache: push to another server (registry.pushServer), or set pullThrough',
    );
  }
  if (status === 400)
    return answer('The registry does not accept this path: use layout flat, or rules with fewer components');
  if (kind === 'rate-limited') return answer('Wait, and run it again');
  return answer(`See the log of ${server}`);
}
