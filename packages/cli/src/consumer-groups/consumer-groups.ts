// kafka-consumer-groups: list and describe groups, reset and delete their offsets, delete groups.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { GroupListing, GroupType } from '@moldau/client/admin/admin-model';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { type Action, checkGroupOptions, type GroupOptions, parseStates, parseTypes } from './check-options.ts';
import { CONSUMER_GROUPS_OPTIONS } from './options.ts';
import { whyNoRe2 } from './re2-syntax.ts';
import { listingTable } from './tables.ts';

export const consumerGroups = defineTool({
  name: 'kafka-consumer-groups',
  purpose: 'This tool lists and describes consumer groups, deletes them, and resets or deletes their offsets.',
  options: CONSUMER_GROUPS_OPTIONS,
  run: async (options, terminal) => {
    const action = checkGroupOptions(options, terminal);
    if (action === 'validate-regex') return validateRegex(options.value('validate-regex')!, terminal);
    const states = action === 'list' ? parsedValue(options, 'state', parseStates) : undefined;
    const types = action === 'list' ? parsedValue(options, 'type', parseTypes) : undefined;
    const timeoutMs = options.numberOr('timeout', 30_000);
    try {
      await withAdmin(
        options,
        terminal,
        (admin) => perform(action, admin, options, terminal, states, types),
        new Map([['default.api.timeout.ms', String(timeoutMs)]]),
      );
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      // Kafka's tool says so on standard output and ends with 0; scripts are written for that.
      terminal.out(`\nError: Executing consumer group command failed due to ${shownException(error)}\n`);
    }
    return 0;
  },
});

async function perform(
  action: Exclude<Action, 'validate-regex'>,
  admin: AdminApi,
  options: GroupOptions,
  terminal: Terminal,
  states: readonly string[] | undefined,
  types: readonly string[] | undefined,
): Promise<void> {
  if (action === 'list') return await listGroups(admin, options, terminal, states, types);
  if (action === 'delete-offsets') {
    return await (await import('./delete-offsets.ts')).deleteOffsets(admin, options, terminal);
  }
  const groupIds = options.has('all-groups')
    ? (await consumerGroupListings(admin)).map(({ groupId }) => groupId)
    : [...new Set(options.values('group'))];
  switch (action) {
    case 'describe':
      return await (await import('./describe-groups.ts')).describeGroups(admin, groupIds, options, terminal);
    case 'delete':
      return await (await import('./delete-offsets.ts')).deleteGroups(admin, groupIds, terminal);
    case 'reset-offsets':
      return await (await import('./reset-offsets.ts')).resetOffsets(admin, groupIds, options, terminal);
  }
}

/** Unknown is what a broker says that is too old to tell types apart. */
const CONSUMER_TYPES: readonly GroupType[] = ['classic', 'consumer', 'unknown'];
/** Empty for groups that only ever committed offsets. */
const CONSUMER_PROTOCOLS: readonly string[] = ['', 'consumer'];

/** Groups of consumers, of either protocol, by id. Share and streams groups have tools of their own. */
async function consumerGroupListings(
  admin: AdminApi,
  states: readonly string[] = [],
  types: readonly string[] = [],
): Promise<GroupListing[]> {
  const listed = await admin.listGroups({
    ...(states.length > 0 && { states }),
    ...(types.length > 0 && { types: types.map((type) => type.toLowerCase() as GroupType) }),
  });
  return listed
    .filter(({ protocolType, type }) => CONSUMER_TYPES.includes(type) && CONSUMER_PROTOCOLS.includes(protocolType))
    .sort((a, b) => (a.groupId < b.groupId ? -1 : 1));
}

async function listGroups(
  admin: AdminApi,
  options: GroupOptions,
  terminal: Terminal,
  states: readonly string[] | undefined,
  types: readonly string[] | undefined,
): Promise<void> {
  const listed = await consumerGroupListings(admin, states, types);
  const [withType, withState] = [options.has('type'), options.has('state')];
  if (!withType && !withState) {
    terminal.out(listed.map(({ groupId }) => `${groupId}\n`).join(''));
    return;
  }
  const capital = (word: string) => (word === '' ? undefined : word[0]!.toUpperCase() + word.slice(1));
  const rows = listed.map(({ groupId, type, state }) => ({ groupId, type: capital(type), state: state || undefined }));
  terminal.out(listingTable(rows, withType, withState));
}

function parsedValue(
  options: GroupOptions,
  name: 'state' | 'type',
  parse: (text: string) => string[],
): string[] | undefined {
  const text = options.value(name);
  return text === undefined || text === '' ? undefined : parse(text);
}

function validateRegex(text: string, terminal: Terminal): number {
  const reason = whyNoRe2(text);
  terminal.out(`The regular expression \`${text}\` is ${reason === undefined ? 'valid' : `invalid: ${reason}`}.\n`);
  return 0;
}
