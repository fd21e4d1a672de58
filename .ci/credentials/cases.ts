import { Chart, Testing } from 'cdk8s';
import { ExternalRegistrySecret, type RegistryLogin, RegistrySecret } from '../../lib/index.ts';

// Prints what template.go reads: for several sets of logins the template of the ExternalSecret, the values that the
// operator would have, and the docker config that the source env makes of the same logins.

/** Every character that a user name or password may hold and some reader could take for its own. */
const ascii = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i));
const passwords = [
  'plain',
  ascii,
  `{{ .x }} \${X} $$ %s %`,
  '<a href="b">&amp;</a>',
  'ü€𝄞 ﷽',
  '\\u0041\\',
  '"',
];
const sets: RegistryLogin[][] = [
  ...passwords.map((password) => [
    { server: 'localregistry.local:5000', username: 'robot$ci+<x>', password },
  ]),
  passwords.map((password, i) => ({
    server: `host${i}.local/path`,
    username: ascii.replaceAll(':', ''),
    password,
  })),
];

const cases = sets.map((logins) => {
  const chart = new Chart(Testing.app(), 'chart');
  const common = { name: 'x', namespace: 'x', component: 'pull' };
  new RegistrySecret(chart, 'env', { ...common, logins });
  const remote = logins.map(({ server }) => ({ server, username: { key: 'u' }, password: { key: 'p' } }));
  new ExternalRegistrySecret(chart, 'external', {
    ...common,
    logins: remote,
    store: { name: 's', kind: 'SecretStore' },
  });
  const [secret, external] = chart.toJson();
  const values = logins.flatMap(({ username, password }, i) => [
    [`username_${i}`, username],
    [`password_${i}`, password],
  ]);
  return {
    template: external.spec.target.template.data['.dockerconfigjson'],
    values: Object.fromEntries(values),
    expected: Buffer.from(secret.data['.dockerconfigjson'], 'base64').toString(),
  };
});
console.log(JSON.stringify(cases));
