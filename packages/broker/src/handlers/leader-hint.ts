// Where a partition is led, told beside an error so that a client need not ask for metadata first (KIP-951: Produce v10+,
// Fetch v16+).
import type { BrokerContext, Call } from '../context.ts';

export interface NodeEndpoint {
  readonly nodeId: number;
  readonly host: string;
  readonly port: number;
  readonly rack: string | null;
}

/** Leader and epoch of a partition, and the leader's address on the listener of the call added to `endpoints` once. */
export function leaderHint(
  broker: BrokerContext,
  call: Call,
  topic: string,
  index: number,
  endpoints: NodeEndpoint[],
): { readonly leaderId: number; readonly leaderEpoch: number } | undefined {
  const image = broker.image();
  const state = image.partition(topic, index);
  if (!state) return undefined;
  const node = image.broker(state.leader);
  const endpoint = node?.endpoints.find(({ listener }) => listener === call.connection.listener);
  if (node && endpoint && !endpoints.some(({ nodeId }) => nodeId === state.leader)) {
    endpoints.push({ nodeId: state.leader, host: endpoint.host, port: endpoint.port, rack: node.rack });
  }
  return { leaderId: state.leader, leaderEpoch: state.leaderEpoch };
}
