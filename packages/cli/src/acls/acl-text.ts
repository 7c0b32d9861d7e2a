// ACLs as kafka-acls of Kafka 4.3 prints them: the toString of ResourcePattern and AccessControlEntry. Pure.
import type { Entry, Pattern } from './rules.ts';

export function patternText({ resourceType, resourceName, patternType }: Pattern): string {
  return `ResourcePattern(resourceType=${resourceType}, name=${resourceName}, patternType=${patternType})`;
}

export function entryText({ principal, host, operation, permissionType }: Entry): string {
  return `(principal=${principal}, host=${host}, operation=${operation}, permissionType=${permissionType})`;
}

const lines = (entries: readonly Entry[]) => entries.map((entry) => `\t${entryText(entry)}`).join('\n');

export function currentText(pattern: Pattern, entries: readonly Entry[]): string {
  return `Current ACLs for resource \`${patternText(pattern)}\`:\n${lines(entries)}\n\n`;
}

export function addingText(pattern: Pattern, entries: readonly Entry[]): string {
  return `Adding ACLs for resource \`${patternText(pattern)}\`: \n ${lines(entries)}\n\n`;
}

export function existsText(pattern: Pattern, entry: Entry): string {
  return `Acl (pattern=${patternText(pattern)}, entry=${entryText(entry)}) already exists.\n`;
}

export function removeQuestion(pattern: Pattern, entries: readonly Entry[]): string {
  const filter = patternText(pattern);
  if (entries.length === 0)
    return `Are you sure you want to delete all ACLs for resource filter \`${filter}\`? (y/n)\n`;
  return `Are you sure you want to remove ACLs: \n ${lines(entries)}\n from resource filter \`${filter}\`? (y/n)\n`;
}
