// Quotas of users, clients and IPs, and SCRAM credentials of users: settings that are no configs to a broker.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import { KafkaError } from '@moldau/client/errors';
import { errorName } from '@moldau/protocol';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { quotaText, scramText } from './describe-text.ts';
import type { Entities, EntityType } from './entity.ts';

const QUOTA_TYPES: Partial<Record<EntityType, string>> = { users: 'user', clients: 'client-id', ips: 'ip' };
const USER_AND_CLIENT_QUOTAS = [
  'producer_byte_rate',
  'consumer_byte_rate',
  'request_percentage',
  'controller_mutation_rate',
];
const IP_QUOTAS = ['connection_creation_rate'];
const SCRAM = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 } as const;
type ScramName = keyof typeof SCRAM;
const isScram = (name: string): name is ScramName => Object.hasOwn(SCRAM, name);

/** How Kafka matches an entity: by name, the default, or any that has one. */
const MATCH = { exact: 0, default: 1, any: 2 } as const;

export async function describeQuotasAndCredentials(
  admin: AdminApi,
  entities: Entities,
  terminal: Terminal,
): Promise<void> {
  const { types, names } = entities;
  if (names.length > types.length) {
    throw new CommandLineError('More entity names specified than entity types', { usage: false });
  }
  for (const quota of await quotas(admin, entities)) terminal.out(quotaText(quota));
  if (!types.includes('users') || types.includes('clients') || names.includes('')) return;
  const answer = await admin.send('DescribeUserScramCredentials', {
    users: names.length === 0 ? null : names.map((name) => ({ name })),
  });
  throwOn(answer.errorCode, answer.errorMessage);
  for (const user of answer.results) {
    // Asked about one user by name, Kafka reports one without credentials as nothing at all.
    if (errorName(user.errorCode) === 'RESOURCE_NOT_FOUND') continue;
    throwOn(user.errorCode, user.errorMessage);
    terminal.out(
      scramText(
        user.user,
        user.credentialInfos.map(({ mechanism, iterations }) => ({
          name: Object.entries(SCRAM).find(([, id]) => id === mechanism)?.[0] ?? String(mechanism),
          iterations,
        })),
      ),
    );
  }
}

async function quotas(admin: AdminApi, { types, names }: Entities) {
  const answer = await admin.send('DescribeClientQuotas', {
    components: types.map((type, i) => {
      const name = names[i];
      const entityType = QUOTA_TYPES[type]!;
      if (name === undefined) return { entityType, matchType: MATCH.any, match: null };
      return name === ''
        ? { entityType, matchType: MATCH.default, match: null }
        : { entityType, matchType: MATCH.exact, match: name };
    }),
    strict: true,
  });
  throwOn(answer.errorCode, answer.errorMessage);
  return (answer.entries ?? []).map(({ entity, values }) => ({
    entity: new Map(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    values: new Map(values.map(({ key, value }) => [key, value])),
  }));
}

export async function alterQuotasOrCredentials(
  admin: AdminApi,
  entities: Entities,
  added: ReadonlyMap<string, string>,
  deleted: readonly string[],
): Promise<void> {
  const { types, names } = entities;
  const all = [...added.keys(), ...deleted];
  const refuse = (known: readonly string[], what: string, type: EntityType) => {
    refuseUnknown([...added.keys()], known, `Only ${what} can be added for '${type}' using --bootstrap-server.`);
    refuseUnknown(deleted, known, `Only ${what} can be deleted for '${type}' using --bootstrap-server.`);
  };
  if (types[0] === 'ips') {
    refuse(IP_QUOTAS, 'connection quota configs', 'ips');
    return await alterQuotas(admin, entities, added, deleted);
  }
  if (types.includes('clients')) {
    refuse(USER_AND_CLIENT_QUOTAS, 'quota configs', 'clients');
    return await alterQuotas(admin, entities, added, deleted);
  }
  refuse([...USER_AND_CLIENT_QUOTAS, ...Object.keys(SCRAM)], 'quota and SCRAM credential configs', 'users');
  if (!all.some(isScram)) return await alterQuotas(admin, entities, added, deleted);
  if (names.includes('')) {
    throw new CommandLineError(
      'The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.',
      { usage: false },
    );
  }
  if (!all.every(isScram)) {
    throw new CommandLineError(
      "Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.",
      { usage: false },
    );
  }
  const { alterCredentials } = await import('./scram.ts');
  await alterCredentials(admin, names[0]!, added as ReadonlyMap<ScramName, string>, deleted.filter(isScram));
}

async function alterQuotas(
  admin: AdminApi,
  entities: Entities,
  added: ReadonlyMap<string, string>,
  deleted: readonly string[],
): Promise<void> {
  const now = (await quotas(admin, entities))[0]?.values ?? new Map<string, number>();
  const missing = deleted.filter((key) => !now.has(key));
  if (missing.length > 0) throw new CommandLineError(`Invalid config(s): ${missing.join(',')}`, { usage: false });
  const ops = [...added].map(([key, text]) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) {
      throw new CommandLineError(`Cannot parse quota configuration value for ${key}: ${text}`, { usage: false });
    }
    return { key, value, remove: false };
  });
  const answer = await admin.send(
    'AlterClientQuotas',
    {
      entries: [
        {
          entity: entities.types.map((type, i) => ({
            entityType: QUOTA_TYPES[type]!,
            entityName: entities.names[i] || null,
          })),
          ops: [...ops, ...deleted.map((key) => ({ key, value: 0, remove: true }))],
        },
      ],
      validateOnly: false,
    },
    { node: 'controller' },
  );
  for (const entry of answer.entries) throwOn(entry.errorCode, entry.errorMessage);
}

function refuseUnknown(names: readonly string[], known: readonly string[], message: string): void {
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new CommandLineError(`${message} Unexpected config names: ${unknown.join(',')}`, { usage: false });
  }
}

export function throwOn(errorCode: number, message: string | null): void {
  if (errorCode !== 0) throw new KafkaError(errorName(errorCode), { message });
}
