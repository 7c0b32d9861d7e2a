// UpdateFeatures (api 57): raises or lowers the levels of features (KIP-584).
//   v1  validate only, kind of upgrade
//   v2  no result for each feature any more
import { array, bool, int8, int16, int32, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const UpdateFeaturesRequest = request({
  api: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  fields: {
    timeoutMs: int32({ default: 60000 }),
    featureUpdates: array({
      feature: string(),
      maxVersionLevel: int16(),
      allowDowngrade: bool({ versions: '0' }),
      upgradeType: int8({ versions: '1+', default: 1 }),
    }),
    validateOnly: bool({ versions: '1+', default: false }),
  },
});
export type UpdateFeaturesRequest = MessageOf<typeof UpdateFeaturesRequest>;

export const UpdateFeaturesResponse = response({
  api: 57,
  name: 'UpdateFeatures',
  versions: '0-2',
  flexible: '0+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16(),
    errorMessage: string({ nullable: '0+' }),
    results: array(
      { feature: string(), errorCode: int16(), errorMessage: string({ nullable: '0+' }) },
      { versions: '0-1', ignorable: true },
    ),
  },
});
export type UpdateFeaturesResponse = MessageOf<typeof UpdateFeaturesResponse>;
