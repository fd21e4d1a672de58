/** A user name and password for one server. */
export interface RegistryLogin {
  /** host[:port]; in a mirror's credential also host/path. */
  readonly server: string;
  readonly username: string;
  readonly password: string;
}

/** The docker config that holds some logins, the same bytes as `kubectl create secret docker-registry` makes for one. */
export function renderDockerConfig(logins: readonly RegistryLogin[]): string {
  const auths = logins.map(({ server, username, password }) => [
    server,
    { username, password, auth: Buffer.from(`${username}:${password}`, 'utf8').toString('base64') },
  ]);
  return JSON.stringify({ auths: Object.fromEntries(auths) });
}
