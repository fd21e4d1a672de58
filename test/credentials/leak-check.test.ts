import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as yaml from 'yaml';
import { leakSearch } from '../../lib/credentials/leak-check.ts';
import { goJson } from '../../lib/credentials/redact.ts';

// Which forms of a password the secret leak check finds: docs/explanation/credentials.md has the same list.

const base64 = (text: string) => Buffer.from(text).toString('base64');
const folded = (text: string) => text.replace(/(.{11})/g, '$1\n  ');
const dockerConfig = (password: string) =>
  JSON.stringify({ auths: { 'a.b': { username: 'robot', password, auth: base64(`robot:${password}`) } } });
const authAlone = (password: string) => `{"auths":{"a.b":{"auth":"${base64(`robot:${password}`)}"}}}`;

function said(json: unknown, password: string, kind = 'ConfigMap', name = 'plan'): string[] {
  return leakSearch([{ from: 'the value of P', password }])([{ kind, name, json }]);
}

const isFound = (text: string, password: string) => said({ data: { text } }, password).length > 0;

/** The forms of the documentation, for passwords of six characters or more. */
const forms: Record<string, (password: string) => string> = {
  'as it is': (password) => `--dest-creds=robot:${password}`,
  'as JSON writes it': (password) => JSON.stringify({ password }),
  'in JSON in JSON': (password) => JSON.stringify(JSON.stringify({ password })),
  'in JSON in JSON in JSON': (password) => JSON.stringify(JSON.stringify(JSON.stringify({ password }))),
  "as Go's JSON writes it": (password) => goJson(JSON.stringify({ password })),
  "as Go's JSON in JSON writes it": (password) => JSON.stringify(goJson(JSON.stringify({ password }))),
  'as JSON in ASCII writes it': (password) =>
    JSON.stringify(password).replace(
      /[^ -~]/g,
      (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  'in single quotes of a shell': (password) => `p='${password.replaceAll("'", `'\\''`)}'`,
  'in other single quotes of a shell': (password) => `p='${password.replaceAll("'", `'"'"'`)}'`,
  'in double quotes of a shell': (password) => `p="${password.replace(/[\\"$`]/g, '\\$&')}"`,
  'escaped for a shell': (password) => `p=${password.replace(/[^A-Za-z0-9]/gu, '\\$&')}`,
  'in single quotes of YAML': (password) => `p: '${password.replaceAll("'", "''")}'`,
  'in double quotes of YAML': (password) =>
    yaml.stringify({ password }, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }),
  'in a URL': (password) => `https://robot:${encodeURIComponent(password)}@a.b/`,
  'in a URL in a URL': (password) => encodeURIComponent(encodeURIComponent(password)),
  'in a form': (password) => new URLSearchParams({ password }).toString(),
  'in base64': base64,
  'in base64 behind another character': (password) => base64(`:${password}.`),
  'in base64 behind other base64 characters': (password) => `key${base64(password)}`,
  'in base64 for URLs': (password) => Buffer.from(`x?>${password}`).toString('base64url'),
  'in base64 without padding': (password) => base64(`a${password}`).replace(/=+$/, ''),
  'in folded base64': (password) => folded(base64(`robot:${password}`)),
  'in folded base64 in JSON': (password) => JSON.stringify(folded(base64(`robot:${password}`))),
  'in base64 in JSON that escapes +, / and =': (password) =>
    base64(password).replaceAll('+', '\\u002b').replaceAll('/', '\\/').replaceAll('=', '\\u003d'),
  'in base64 in a URL': (password) => encodeURIComponent(base64(password)),
  'in basic authentication': (password) => `Authorization: Basic ${base64(`robot:${password}`)}`,
  'in a docker config': authAlone,
  'in a docker config in base64': (password) => base64(authAlone(password)),
  'in a docker config in folded base64 of folded base64': (password) =>
    folded(base64(`x${folded(base64(authAlone(password)))}`)),
  'in base64 of base64 of base64 of base64': (password) => base64(base64(base64(base64(password)))),
};

/** What no registry accepts is no password; what looks like an escape itself is read as one. */
const password = (length: { minLength: number; maxLength: number }) =>
  fc
    .oneof(
      fc.string({ unit: 'grapheme', ...length }),
      fc.string({ unit: fc.constantFrom(...`ab1'"\\$<>&%+/ é=`), ...length }),
    )
    .filter((text) => /[^\\'"]/.test(text))
    .filter((text) => !/[\p{Cc}\p{Cs}\u2028\u2029]|^\s|\s$|\\[uUx]|%[0-9a-f]{2}/iu.test(text));

describe('a password of six characters or more', () => {
  test.each(Object.entries(forms))('is found %s', (_, form) => {
    for (const secret of ['hunter2-secret', 'hunter2"<é\'$ \\&x']) {
      expect(isFound(form(secret), secret)).toBe(true);
      expect(isFound(`before ${form(secret)} behind`, secret)).toBe(true);
      expect(isFound(form(`not-${secret.slice(3)}`), secret)).toBe(false);
    }
  });

  test('is found in every form, whatever its characters', () => {
    fc.assert(
      fc.property(
        password({ minLength: 6, maxLength: 30 }),
        fc.constantFrom(...Object.values(forms)),
        (secret, form) => isFound(form(secret), secret),
      ),
      { numRuns: 2000 },
    );
  });

  const layers: ((text: string) => string)[] = [
    base64,
    (text) => folded(base64(`x${text}`)),
    (text) => JSON.stringify({ text }),
    (text) => goJson(JSON.stringify(text)),
    (text) => encodeURIComponent(text),
    (text) => `x='${text.replaceAll("'", `'\\''`)}'`,
    (text) => `x: '${text.replaceAll("'", "''")}'`,
  ];

  test('is found in forms within forms', () => {
    fc.assert(
      fc.property(
        password({ minLength: 6, maxLength: 20 }),
        fc.array(fc.constantFrom(...layers), { minLength: 1, maxLength: 4 }),
        (secret, chain) =>
          isFound(
            chain.reduce((text, layer) => layer(text), secret),
            secret,
          ),
      ),
      { numRuns: 2000 },
    );
  });
});

/** The same for shorter ones, which would be found in innocent words. */
const shortForms: Record<string, (password: string) => string> = {
  'as the whole of a value': (password) => password,
  'as the whole of a value, as JSON': (password) => JSON.stringify(password),
  'as the whole of a value, in base64': base64,
  'as the whole of a value, in base64 of base64': (password) => base64(base64(password)),
  'in a docker config': dockerConfig,
  'as auth of a docker config': authAlone,
  'in a docker config in base64': (password) => base64(dockerConfig(password)),
  'as auth of a docker config in base64': (password) => base64(authAlone(password)),
  'in a docker config in a Secret in base64': (password) =>
    base64(JSON.stringify({ data: { '.dockerconfigjson': base64(authAlone(password)) } })),
  'in a docker config in JSON': (password) => JSON.stringify({ config: dockerConfig(password) }),
  'behind the key password': (password) => `user: robot\npassword: ${JSON.stringify(password)}\n`,
  'in basic authentication': (password) => `Authorization: Basic ${base64(`robot:${password}`)}`,
  'in a URL': (password) => `https://robot:${password}@a.b/`,
};

describe('a password of fewer than six characters', () => {
  test.each(Object.entries(shortForms))('is found %s', (_, form) => {
    for (const secret of ['web', 'x', 'a.b', '12345']) {
      expect(isFound(form(secret), secret)).toBe(true);
      expect(isFound(form(`${secret}5`), secret)).toBe(false);
      expect(isFound(form(`5${secret}`), secret)).toBe(false);
    }
  });

  test('is found in every form, whatever its characters', () => {
    fc.assert(
      fc.property(
        password({ minLength: 1, maxLength: 5 }).filter((text) => !/[\s"'`,;&{}/@#?]/.test(text)),
        fc.constantFrom(...Object.values(shortForms)),
        (secret, form) => isFound(form(secret), secret),
      ),
      { numRuns: 2000 },
    );
  });
});

describe('no false alarm', () => {
  const files = [
    'dist/ess-images.k8s.yaml',
    'dist/ess-mirror.k8s.yaml',
    'test/fixtures/images_digests.full.yml',
    'airgap.yaml',
  ];
  const objects = files.flatMap((file) =>
    yaml.parseAllDocuments(readFileSync(file, 'utf8')).map((it) => it.toJSON()),
  );

  test('for short words of the manifests themselves', () => {
    const words = new Set(JSON.stringify(objects).match(/[A-Za-z0-9]{1,5}/g));
    const whole = new Set(JSON.stringify(objects).match(/(?<=")[^"]{1,5}(?=")/g));
    const search = leakSearch(
      [...words].filter((word) => !whole.has(word)).map((word) => ({ from: word, password: word })),
    );
    expect(search(objects.map((json) => ({ kind: 'x', json })))).toEqual([]);
    expect(words.size - whole.size).toBeGreaterThan(500);
  });

  test('for long passwords that are in nothing', () => {
    fc.assert(
      fc.property(password({ minLength: 6, maxLength: 20 }), fc.constantFrom(...objects), (secret, json) => {
        fc.pre(!secret.replace(/[\\'"]/g, '').match(/^.{0,5}$/u));
        fc.pre(!JSON.stringify(json).includes(secret));
        return said(json, secret).length === 0;
      }),
      { numRuns: 300 },
    );
  });

  test('for what only begins or ends alike, or has quotation marks inside of a word', () => {
    expect(isFound("hun'ter'2-secret", 'hunter2-secret')).toBe(false);
    expect(isFound('hunter"2-secret', 'hunter2-secret')).toBe(false);
    expect(isFound('hunter2-secre', 'hunter2-secret')).toBe(false);
    expect(isFound('hunter-2', 'hunter"-"2')).toBe(false);
    expect(isFound('"hunter2"', "'hunter2'")).toBe(false);
  });
});

describe('the message never holds the secret', () => {
  test.each([
    ['kind', { kind: 'hunter2-secret' }, 'hunter2-secret', 'plan'],
    ['name', { metadata: { name: 'hunter2-secret' } }, 'ConfigMap', 'hunter2-secret'],
    ['key', { data: { 'hunter2-secret': { 'hunter2-secret': 'hunter2-secret' } } }, 'ConfigMap', 'plan'],
    [
      'name in base64',
      { metadata: { name: 'x' }, a: 'hunter2-secret' },
      'ConfigMap',
      base64('hunter2-secret'),
    ],
  ])('as %s', (_, json, kind, name) => {
    const [message] = said(json, 'hunter2-secret', kind, name);
    expect(message).toContain('the value of P is in the field');
    expect(message).not.toMatch(/hunter2|aHVudGVyMi/);
  });

  test('a short one as the kind, and another secret as a key above', () => {
    expect(said({ kind: 'Jobs' }, 'Jobs', 'Jobs')[0]).toBe(
      'the value of P is in the field kind of the *** plan',
    );
    const search = leakSearch([
      { from: 'one', password: 'hunter2-secret' },
      { from: 'two', password: 'other-secret' },
    ]);
    const messages = search([{ kind: 'x', json: { 'other-secret': { a: 'hunter2-secret' } } }]);
    expect(messages).toHaveLength(2);
    expect(messages.join()).not.toMatch(/other-secret|hunter2/);
  });
});
