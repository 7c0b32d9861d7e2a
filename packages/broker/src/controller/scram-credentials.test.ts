import { pbkdf2Sync } from 'node:crypto';
import { ClusterImage } from '@moldau/metadata';
import { expect, test } from 'vitest';
import { decideScramCredentials, describeScramCredentials, type ScramUpsertion } from './scram-credentials.ts';

const SHA_256 = 1;
const SHA_512 = 2;
const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const saltedPassword = pbkdf2Sync('pencil', salt, 4096, 32, 'sha256');
const upsert = (name: string, o: Partial<ScramUpsertion> = {}): ScramUpsertion => ({
  ...{ name, mechanism: SHA_256, iterations: 4096, salt, saltedPassword },
  ...o,
});
const after = (
  image: ClusterImage,
  upsertions: ScramUpsertion[],
  deletions: { name: string; mechanism: number }[] = [],
) =>
  image.apply({
    ...{ offset: image.offset + 1, epoch: 1 },
    records: decideScramCredentials(image, deletions, upsertions).records,
  });

test('what is kept is StoredKey and ServerKey of RFC 7677’s own example', () => {
  const { records, result } = decideScramCredentials(ClusterImage.empty, [], [upsert('user')]);
  expect(result).toEqual([{ user: 'user', error: 'NONE', detail: null }]);
  expect(records).toEqual([
    {
      kind: 'scramCredentialSet',
      credential: {
        ...{ user: 'user', mechanism: SHA_256, iterations: 4096, salt: 'W22ZaJ0SNY7soEsUEjb6gQ==' },
        storedKey: 'WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=',
        serverKey: 'wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=',
      },
    },
  ]);
});

test('a user has a credential for each mechanism, and loses them one by one', () => {
  const both = after(after(ClusterImage.empty, [upsert('a')]), [upsert('a', { mechanism: SHA_512, iterations: 8192 })]);
  const credentials = [
    { mechanism: SHA_256, iterations: 4096 },
    { mechanism: SHA_512, iterations: 8192 },
  ];
  expect(describeScramCredentials(both, null)).toEqual([{ user: 'a', error: 'NONE', detail: null, credentials }]);
  const one = after(both, [], [{ name: 'a', mechanism: SHA_256 }]);
  expect(describeScramCredentials(one, ['a'])[0]?.credentials).toEqual(credentials.slice(1));
});

test.each<[string, ScramUpsertion, string, string]>([
  ['no name', upsert(''), 'UNACCEPTABLE_CREDENTIAL', 'Username must not be empty'],
  ['a mechanism nobody knows', upsert('a', { mechanism: 3 }), 'UNSUPPORTED_SASL_MECHANISM', 'Unknown SCRAM mechanism'],
  ['too few iterations', upsert('a', { iterations: 4095 }), 'UNACCEPTABLE_CREDENTIAL', 'Too few iterations'],
  ['too many', upsert('a', { iterations: 16_385 }), 'UNACCEPTABLE_CREDENTIAL', 'Too many iterations'],
  ['no salt', upsert('a', { salt: Buffer.alloc(0) }), 'UNACCEPTABLE_CREDENTIAL', 'The salt must not be empty'],
  [
    'no password',
    upsert('a', { saltedPassword: Buffer.alloc(0) }),
    'UNACCEPTABLE_CREDENTIAL',
    'The salted password must not be empty',
  ],
])('%s is refused, and the others of the request are not', (_, wrong, error, detail) => {
  const { records, result } = decideScramCredentials(ClusterImage.empty, [], [wrong, upsert('good')]);
  expect(result).toEqual([
    { user: wrong.name, error, detail },
    { user: 'good', error: 'NONE', detail: null },
  ]);
  expect(records).toHaveLength(1);
});

test('a user twice in a request is refused altogether; one that is not there cannot be deleted', () => {
  const image = after(ClusterImage.empty, [upsert('a')]);
  const { records, result } = decideScramCredentials(
    image,
    [
      { name: 'a', mechanism: SHA_256 },
      { name: 'b', mechanism: SHA_256 },
    ],
    [upsert('a')],
  );
  expect(result.map(({ user, error }) => `${user} ${error}`)).toEqual(['a DUPLICATE_RESOURCE', 'b RESOURCE_NOT_FOUND']);
  expect(records).toEqual([]);
});

test('asked for by name: each once, and only who is there', () => {
  const image = after(ClusterImage.empty, [upsert('a')]);
  const asked = describeScramCredentials(image, ['a', 'a', 'b']);
  expect(asked.map(({ user, error }) => `${user} ${error}`)).toEqual(['a DUPLICATE_RESOURCE', 'b RESOURCE_NOT_FOUND']);
});
