// ListConfigResources (api 74, KIP-1142): the names of everything that can have settings. Served: 0-1. v0 knows client
// metrics only, of which there are none here.
import { CONFIG_RESOURCE_TYPES } from '@moldau/metadata';
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type {
  ListConfigResourcesRequest,
  ListConfigResourcesResponse,
} from '@moldau/protocol/messages/list-config-resources';
import type { BrokerContext, Call } from '../context.ts';
import { clusterNodes } from './cluster-nodes.ts';

type Answer = InputOf<typeof ListConfigResourcesResponse>;

export function listConfigResources(broker: BrokerContext, call: Call, request: ListConfigResourcesRequest): Answer {
  const { topic, broker: brokerType, brokerLogger, clientMetrics, group } = CONFIG_RESOURCE_TYPES;
  const known: number[] =
    call.apiVersion === 0 ? [clientMetrics] : [group, clientMetrics, brokerLogger, brokerType, topic];
  const asked = request.resourceTypes.length === 0 ? known : request.resourceTypes;
  if (asked.some((type) => !known.includes(type))) {
    return { errorCode: errorCode('UNSUPPORTED_VERSION'), configResources: [] };
  }
  const image = broker.image();
  const brokers = [...clusterNodes(broker, call.connection.listener).keys()].map(String);
  const names = (type: number): Iterable<string> => {
    if (type === topic) return [...image.topics()].map((one) => one.name);
    if (type === brokerType || type === brokerLogger) return brokers;
    return image.configuredResources(type === group ? 'group' : 'clientMetrics');
  };
  const configResources = known
    .filter((type) => asked.includes(type))
    .flatMap((resourceType) => [...names(resourceType)].map((resourceName) => ({ resourceName, resourceType })));
  return { errorCode: 0, configResources };
}
