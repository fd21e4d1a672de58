import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A server in front of another, as far away as a packet takes to it and back. */
export async function distant(
  server: string,
  milliseconds: number,
): Promise<{ server: string; stop(): void }> {
  const { hostname, port } = new URL(`http://${server}`);
  const carry = (from: Socket, to: Socket): void => {
    from.on('data', (data) => setTimeout(() => to.write(data), milliseconds / 2));
    from.on('close', () => setTimeout(() => to.end(), milliseconds / 2));
    // What broke off is closed, too.
    from.on('error', () => {});
  };
  const proxy = createServer((client) => {
    const origin = connect(Number(port), hostname);
    carry(client, origin);
    carry(origin, client);
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    server: `127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    stop: () => proxy.close(),
  };
}
