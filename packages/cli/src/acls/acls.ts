// kafka-acls: shows, adds and removes access rules.
import type { AdminApi } from '@moldau/client/admin/admin-api';
import type { AclBinding } from '@moldau/client/admin/security-model';
import { KafkaError } from '@moldau/client/errors';
import { shownException } from '../cluster/java-names.ts';
import { withAdmin } from '../cluster/with-admin.ts';
import { CommandLineError } from '../command-line/option.ts';
import type { Terminal } from '../terminal.ts';
import { defineTool } from '../tool.ts';
import { addingText, currentText, entryText, existsText, patternText, removeQuestion } from './acl-text.ts';
import { ACLS_OPTIONS } from './options.ts';
import {
  checkAction,
  type Entry,
  entriesOf,
  entriesToAdd,
  type Options,
  type Pattern,
  type PatternEntries,
  patternsOf,
  principalsOf,
} from './rules.ts';

export const acls = defineTool({
  name: 'kafka-acls',
  purpose: 'This tool helps to manage acls on kafka.',
  options: ACLS_OPTIONS,
  run: async (options, terminal) => {
    const action = checkAction(options);
    // Read before connecting: what is wrong with the words is told at once.
    const wanted = action === 'add' ? entriesToAdd(options) : action === 'remove' ? entriesOf(options) : [];
    const principals = principalsOf(options, 'principal');
    const patterns = patternsOf(options);
    try {
      await withAdmin(options, terminal, (admin) => {
        if (action === 'add') return add(admin, wanted, terminal);
        if (action === 'remove') return remove(admin, wanted, options, terminal);
        return list(admin, patterns, principals, terminal);
      });
      return 0;
    } catch (error) {
      if (error instanceof CommandLineError) throw error;
      terminal.out(`Error while executing ACL command: ${shownException(error)}\n`);
      return 1;
    }
  },
});

async function add(admin: AdminApi, wanted: readonly PatternEntries[], terminal: Terminal): Promise<void> {
  for (const { pattern, entries } of wanted) {
    const there = new Set((await admin.describeAcls(pattern)).map(entryText));
    const missing = entries.filter((entry) => !there.has(entryText(entry)));
    for (const entry of entries) if (!missing.includes(entry)) terminal.out(existsText(pattern, entry));
    if (missing.length === 0) continue;
    terminal.out(addingText(pattern, missing));
    const outcomes = await admin.createAcls(missing.map((entry): AclBinding => ({ ...pattern, ...entry })));
    for (const outcome of outcomes) if (outcome instanceof KafkaError) throw outcome;
  }
}

async function remove(
  admin: AdminApi,
  wanted: readonly PatternEntries[],
  options: Options,
  terminal: Terminal,
): Promise<void> {
  const answers = linesOf(terminal);
  for (const { pattern, entries } of wanted) {
    if (!options.has('force')) {
      terminal.out(removeQuestion(pattern, entries));
      const { value } = await answers.next();
      if (value?.toLowerCase() !== 'y') continue;
    }
    const filters = entries.length === 0 ? [pattern] : entries.map((entry) => ({ ...pattern, ...entry }));
    for (const outcome of await admin.deleteAcls(filters)) {
      if (outcome instanceof KafkaError) throw outcome;
      for (const { error } of outcome) if (error) throw error;
    }
  }
}

async function list(
  admin: AdminApi,
  patterns: readonly Pattern[],
  principals: readonly string[],
  terminal: Terminal,
): Promise<void> {
  const filters = patterns.length === 0 ? [{}] : patterns;
  const found = new Map<string, { readonly pattern: Pattern; readonly entries: Map<string, Entry> }>();
  for (const filter of filters) {
    for (const acl of await admin.describeAcls(filter)) {
      const key = patternText(acl);
      const known = found.get(key) ?? { pattern: acl, entries: new Map<string, Entry>() };
      found.set(key, known);
      known.entries.set(entryText(acl), acl);
    }
  }
  const print = (concerns: (entry: Entry) => boolean) => {
    for (const { pattern, entries } of found.values()) {
      const shown = [...entries.values()].filter(concerns);
      if (shown.length > 0) terminal.out(currentText(pattern, shown));
    }
  };
  if (principals.length === 0) print(() => true);
  for (const principal of principals) {
    terminal.out(`ACLs for principal \`${principal}\`\n`);
    print((entry) => entry.principal === principal);
  }
}

/** Lines of standard input, without their ends. */
async function* linesOf(terminal: Terminal): AsyncGenerator<string, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of terminal.input) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield line.trim();
  }
  if (rest !== '') yield rest.trim();
  return undefined;
}
