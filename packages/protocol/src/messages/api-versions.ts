// ApiVersions (api 18): the first request of a connection: which APIs and versions the broker serves.
//   v1  throttle time
//   v3  flexible body; name and version of the client software (KIP-511); features (KIP-584)
//   v4  a feature may start at version 0 (KAFKA-17011)
//   v5  the client says which cluster and node it means: REBOOTSTRAP_REQUIRED when that is not us (KIP-1242)
// The response header is v0 in every version, and a version the broker does not know is answered in the layout of v0.
import { array, bool, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const ApiVersionsRequest = request({
  api: 18,
  name: 'ApiVersions',
  versions: '0-5',
  flexible: '3+',
  fields: {
    clientSoftwareName: string({ versions: '3+', ignorable: true }),
    clientSoftwareVersion: string({ versions: '3+', ignorable: true }),
    clusterId: string({ versions: '5+', nullable: '0+', default: null, ignorable: true }),
    nodeId: int32({ versions: '5+', default: -1, ignorable: true }),
  },
});
export type ApiVersionsRequest = MessageOf<typeof ApiVersionsRequest>;

export const ApiVersionsResponse = response({
  api: 18,
  name: 'ApiVersions',
  versions: '0-5',
  flexible: '3+',
  fields: {
    errorCode: int16(),
    apiKeys: array({ apiKey: int16(), minVersion: int16(), maxVersion: int16() }),
    throttleTimeMs: int32({ versions: '1+', default: 0, ignorable: true }),
    supportedFeatures: array(
      { name: string(), minVersion: int16(), maxVersion: int16() },
      { versions: '3+', tag: 0, ignorable: true },
    ),
    finalizedFeaturesEpoch: int64({ versions: '3+', tag: 1, default: -1, ignorable: true }),
    finalizedFeatures: array(
      { name: string(), maxVersionLevel: int16(), minVersionLevel: int16() },
      { versions: '3+', tag: 2, ignorable: true },
    ),
    zkMigrationReady: bool({ versions: '3+', tag: 3, default: false, ignorable: true }),
  },
});
export type ApiVersionsResponse = MessageOf<typeof ApiVersionsResponse>;
