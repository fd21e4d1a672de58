import type { k8s } from 'cdk8s-plus-28';
import { Construct } from 'constructs';
import { isServerExempt } from '../input/proxy.ts';
import type { Plan } from '../plan/model.ts';
import { labels, metadata, type PartProps } from './metadata.ts';
import type { MirrorProxy } from './mirror-access.ts';
import { addObject, type Plain } from './object.ts';

export interface MirrorNetworkPolicyProps extends PartProps {
  readonly plan: Plan;
  /** @default "ess-mirror" */
  readonly name?: string;
  /**
   * Servers that may be spoken to over plain HTTP: also on port 80, where they name none.
   * @default - none
   */
  readonly insecure?: readonly string[];
  /**
   * The proxy that the upstream registries are reached through.
   * @default - none
   */
  readonly proxy?: MirrorProxy;
  /**
   * Further TCP ports. A policy sees the port of a pod, not that of its Service: a registry inside of the cluster
   * may need one.
   * @default - none
   */
  readonly egressPorts?: readonly number[];
  /**
   * Networks that the registries and the proxy are in, such as `10.20.0.0/16`: the pods connect to no other address,
   * but for name servers.
   * @default - any address
   */
  readonly egressCidrs?: readonly string[];
}

/**
 * Name servers listen on 53; those of OpenShift do so behind their Service on 5353, which is what a policy sees.
 * Over TCP, too, where an answer is too long for UDP.
 */
const DNS_PORTS = [53, 5353];

/**
 * What the pods of the mirror may do in the network: nobody connects to them, and they connect to name servers
 * and to the ports of the registries or of the proxy. Names cannot stand in a NetworkPolicy, so it limits ports and not hosts.
 */
export class MirrorNetworkPolicy extends Construct {
  constructor(scope: Construct, id: string, props: MirrorNetworkPolicyProps) {
    super(scope, id);
    const { name = 'ess-mirror', egressCidrs = [] } = props;
    addObject(this, 'Default', 'NetworkPolicy', metadata('mirror', name, props), {
      apiVersion: 'networking.k8s.io/v1',
      spec: {
        // Without the instance: Argo CD may replace that label, and a pod that no policy selects may connect anywhere.
        podSelector: { matchLabels: labels('mirror') },
        policyTypes: ['Ingress', 'Egress'],
        egress: [
          { ports: DNS_PORTS.flatMap((port) => [networkPort('UDP', port), networkPort('TCP', port)]) },
          {
            ports: registryPorts(props).map((port) => networkPort('TCP', port)),
            ...(egressCidrs.length > 0 && { to: egressCidrs.map((cidr) => ({ ipBlock: { cidr } })) }),
          },
        ],
      },
    });
  }
}

/** The ports of the servers that the pods connect to themselves: those that no proxy is between, and the proxy. */
function registryPorts({ plan, insecure = [], proxy, egressPorts = [] }: MirrorNetworkPolicyProps): number[] {
  const servers = plan.relocations.flatMap(({ source, target }) => [
    ...(source ? [source.registry] : []),
    target.registry,
  ]);
  const direct = servers.filter((server) => !proxy || isServerExempt(server, proxy.noProxy));
  const ports = direct.flatMap((server) => {
    const port = portOf(server);
    if (port !== undefined) return [port];
    return insecure.includes(server) ? [443, 80] : [443];
  });
  // Tokens and blobs come from other hosts than the registry's, on the port of HTTPS: also those of the target.
  if (direct.length > 0) ports.push(443);
  if (proxy) ports.push(proxyPort(proxy.url));
  return [...new Set([...ports, ...egressPorts])].sort((a, b) => a - b);
}

function portOf(server: string): number | undefined {
  const port = /:(\d+)$/.exec(server)?.[1];
  return port === undefined ? undefined : Number(port);
}

function proxyPort(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

function networkPort(protocol: 'TCP' | 'UDP', port: number): Plain<k8s.NetworkPolicyPort> {
  return { protocol, port };
}
