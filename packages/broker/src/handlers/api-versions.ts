// ApiVersions (api 18): what this broker serves; the first request of nearly every client. Served: 0-5. Answered before
// authentication. A version that we do not know never comes here: the pipeline answers it in the layout of v0.
//   v3 client software, features   v4 features that start at 0   v5 cluster and node that the client means (KIP-1242)
// Differs from Kafka: no features are named until one of their levels changes what clients do here.
import type { InputOf } from '@moldau/protocol';
import { errorCode } from '@moldau/protocol/errors';
import type { ApiVersionsRequest, ApiVersionsResponse } from '@moldau/protocol/messages/api-versions';
import type { BrokerContext, Call } from '../context.ts';

const softwareForm = /^[a-zA-Z0-9](?:[a-zA-Z0-9\-.]*[a-zA-Z0-9])?$/;
const SOFTWARE_SINCE = 3;

export function apiVersions(
  broker: BrokerContext,
  call: Call,
  request: ApiVersionsRequest,
): InputOf<typeof ApiVersionsResponse> {
  const { clientSoftwareName: name, clientSoftwareVersion: version, clusterId, nodeId } = request;
  if (call.apiVersion >= SOFTWARE_SINCE) {
    if (!softwareForm.test(name) || !softwareForm.test(version)) return refused('INVALID_REQUEST');
    call.connection.introduce({ name, version });
  }
  if ((clusterId === null) !== (nodeId === -1)) return refused('INVALID_REQUEST');
  if (clusterId !== null && (clusterId !== broker.clusterId || nodeId !== broker.nodeId)) {
    return refused('REBOOTSTRAP_REQUIRED');
  }
  return {
    errorCode: 0,
    apiKeys: broker.servedApis.map(({ key, advertisedMin, versions }) => ({
      apiKey: key,
      minVersion: advertisedMin,
      maxVersion: versions.max,
    })),
  };
}

function refused(error: 'INVALID_REQUEST' | 'REBOOTSTRAP_REQUIRED'): InputOf<typeof ApiVersionsResponse> {
  return { errorCode: errorCode(error), apiKeys: [] };
}
