import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDockerConfig, renderDockerConfig } from '../../lib/credentials/docker-config.ts';
import { InputError } from '../../lib/index.ts';

const server = fc.constantFrom('a.b', 'a.b:5000', 'a.b/team', 'docker.io', 'localhost:1/x/y');
const login = fc.record({
  server,
  username: fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes(':')),
  // Old versions of Docker Desktop padded the password with zeros, which are removed.
  password: fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.endsWith('\0')),
});

test('what is written is read back, whatever the user name and password', () => {
  fc.assert(
    fc.property(fc.uniqueArray(login, { selector: (it) => it.server }), (logins) => {
      const { auths } = parseDockerConfig(renderDockerConfig(logins), 'config.json');
      expect(auths).toEqual(logins);
      // The two forms of a login say the same.
      const { auths: raw } = JSON.parse(renderDockerConfig(logins));
      for (const it of Object.values(raw) as Record<string, string>[]) delete it.auth;
      expect(parseDockerConfig(JSON.stringify({ auths: raw }), 'config.json').auths).toEqual(logins);
    }),
  );
});

describe('a hostile file', () => {
  const hidden = 'hunter2-secret';
  const value = fc.oneof(fc.jsonValue(), fc.constant(hidden));
  const entry = fc.oneof(
    value,
    fc.dictionary(fc.constantFrom('auth', 'username', 'password', 'identitytoken', '__proto__'), value),
  );
  const config = fc.oneof(
    value,
    fc.record(
      {
        auths: fc.oneof(value, fc.dictionary(fc.oneof(server, fc.constant(hidden), fc.string()), entry)),
        credHelpers: value,
        credsStore: value,
      },
      { requiredKeys: [] },
    ),
  );

  test('is read, or refused in words that repeat nothing of it', () => {
    const text = fc.oneof(
      config.map((it) => JSON.stringify(it)),
      fc.string().map((it) => `${it}${hidden}`),
    );
    fc.assert(
      fc.property(text, (it) => {
        try {
          const { auths, credHelpers } = parseDockerConfig(it, 'config.json');
          for (const { username, password, identityToken } of auths) {
            for (const part of [username, password, identityToken])
              expect(['string', 'undefined']).toContain(typeof part);
          }
          for (const helper of credHelpers.values()) expect(typeof helper).toBe('string');
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          expect(error.message).not.toContain(hidden);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
