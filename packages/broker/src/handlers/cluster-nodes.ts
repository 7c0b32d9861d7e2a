// The brokers of the cluster as a client on some listener reaches them. This broker's own address has the port that was
// really bound; the others' are the ones they registered.
import type { BrokerContext } from '../context.ts';

export interface ClusterNode {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
  readonly fenced: boolean;
}

/** Brokers that have the listener, by id; fenced ones too. */
export function clusterNodes(broker: BrokerContext, listener: string): Map<number, ClusterNode> {
  const nodes = new Map<number, ClusterNode>();
  for (const { brokerId, endpoints, rack, fenced } of broker.image().brokers()) {
    const known = brokerId === broker.nodeId ? broker.endpoints : endpoints;
    const endpoint = known.find((one) => one.listener === listener);
    if (endpoint) nodes.set(brokerId, { id: brokerId, host: endpoint.host, port: endpoint.port, rack, fenced });
  }
  return nodes;
}

/** A broker that takes requests for the cluster: the controller if it lives, else any that does, else -1. */
export function controllerNode(broker: BrokerContext, nodes: ReadonlyMap<number, ClusterNode>): number {
  const { controllerId } = broker.image();
  if (nodes.get(controllerId)?.fenced === false) return controllerId;
  for (const node of nodes.values()) if (!node.fenced) return node.id;
  return -1;
}
