// DescribeCluster (api 60, KIP-700): the id of the cluster and its brokers. Served: 0-2.
//   v1  the kind of endpoints that is asked for: 1 brokers, 2 controllers (none here: KIP-919)
//   v2  fenced brokers too, when asked (KIP-1073)
import type { InputOf } from '@moldau/protocol';
import { errorCode, type WireError } from '@moldau/protocol/errors';
import type { DescribeClusterRequest, DescribeClusterResponse } from '@moldau/protocol/messages/describe-cluster';
import type { BrokerContext, Call } from '../context.ts';
import { clusterOperations } from './authorized-operations.ts';
import { clusterNodes, controllerNode } from './cluster-nodes.ts';

const BROKERS = 1;
const CONTROLLERS = 2;

export function describeCluster(
  broker: BrokerContext,
  call: Call,
  request: DescribeClusterRequest,
): InputOf<typeof DescribeClusterResponse> {
  const { endpointType } = request;
  if (endpointType !== BROKERS) {
    const error: WireError = endpointType === CONTROLLERS ? 'MISMATCHED_ENDPOINT_TYPE' : 'UNSUPPORTED_ENDPOINT_TYPE';
    const errorMessage =
      endpointType === CONTROLLERS
        ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
        : `Unsupported endpoint type ${endpointType}`;
    return { errorCode: errorCode(error), errorMessage, endpointType: BROKERS, clusterId: '', brokers: [] };
  }
  const nodes = clusterNodes(broker, call.connection.listener);
  return {
    errorCode: 0,
    endpointType,
    clusterId: broker.clusterId,
    controllerId: controllerNode(broker, nodes),
    brokers: [...nodes.values()]
      .filter((node) => !node.fenced || request.includeFencedBrokers)
      .map(({ id, host, port, rack, fenced }) => ({ brokerId: id, host, port, rack, isFenced: fenced })),
    clusterAuthorizedOperations: clusterOperations(broker, call, request.includeClusterAuthorizedOperations),
  };
}
