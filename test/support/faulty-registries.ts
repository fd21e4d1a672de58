import { type FaultProxy, type Rule, startFaultProxy } from './fault-proxy.ts';
import { pushLogin, sourceLogin } from './mirror.ts';
import { type Registry, startRegistry } from './registry.ts';

/** The faults of the ways to the source and to the target. */
export interface FaultRules {
  readonly upstream?: Rule[];
  readonly local?: Rule[];
}

/** A source and a target with logins, each behind a proxy that can make faults: upstream and local. */
export interface FaultyRegistries {
  readonly source: Registry;
  readonly target: Registry;
  readonly upstream: FaultProxy;
  readonly local: FaultProxy;
  /** Runs something while the proxies make faults. */
  withRules<T>(rules: FaultRules, run: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** @param seeds of the faults by chance, upstream and local */
export async function startFaultyRegistries(seeds: readonly [number, number]): Promise<FaultyRegistries> {
  const [source, target] = await Promise.all([
    startRegistry({ password: sourceLogin }),
    startRegistry({ password: pushLogin }),
  ]);
  const [upstream, local] = await Promise.all([
    startFaultProxy({ target: source.url, seed: seeds[0] }),
    startFaultProxy({ target: target.url, seed: seeds[1] }),
  ]);
  const setRules = (rules: FaultRules): void => {
    upstream.setRules(rules.upstream ?? []);
    local.setRules(rules.local ?? []);
  };
  return {
    source,
    target,
    upstream,
    local,
    async withRules(rules, run) {
      setRules(rules);
      try {
        return await run();
      } finally {
        setRules({});
      }
    },
    async stop() {
      await Promise.all([upstream.stop(), local.stop()]);
      await Promise.all([source.stop(), target.stop()]);
    },
  };
}
