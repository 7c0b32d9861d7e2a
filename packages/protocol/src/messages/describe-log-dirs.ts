// DescribeLogDirs (api 35): log directories of a broker and the size of each replica.
//   v1  oldest version served
//   v2  flexible
//   v3  an error for the whole answer
//   v4  total and usable bytes (KIP-827)
//   v5  cordoned directories
import { array, bool, int16, int32, int64, string } from '../description/field.ts';
import { type MessageOf, request, response } from '../description/message.ts';

export const DescribeLogDirsRequest = request({
  api: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: '2+',
  fields: { topics: array({ topic: string(), partitions: array(int32()) }, { nullable: '0+' }) },
});
export type DescribeLogDirsRequest = MessageOf<typeof DescribeLogDirsRequest>;

export const DescribeLogDirsResponse = response({
  api: 35,
  name: 'DescribeLogDirs',
  versions: '1-5',
  flexible: '2+',
  fields: {
    throttleTimeMs: int32({ default: 0 }),
    errorCode: int16({ versions: '3+', ignorable: true }),
    results: array({
      errorCode: int16(),
      logDir: string(),
      topics: array({
        name: string(),
        partitions: array({ partitionIndex: int32(), partitionSize: int64(), offsetLag: int64(), isFutureKey: bool() }),
      }),
      totalBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      usableBytes: int64({ versions: '4+', default: -1, ignorable: true }),
      isCordoned: bool({ versions: '5+', default: false, ignorable: true }),
    }),
  },
});
export type DescribeLogDirsResponse = MessageOf<typeof DescribeLogDirsResponse>;
