// The access rules of the cluster, arranged so that a decision looks only at those that may concern it: by resource, then by
// principal. Pure; changed by single rules, as the metadata log brings them.
// A name is under a prefixed rule when one of its beginnings is that rule's name. Only beginnings of lengths that some rule
// has are looked up, so a decision costs about as many look-ups as there are different lengths.
import type { AclBinding } from '@moldau/metadata';
import { hostForm } from './hosts.ts';
import { LITERAL, PREFIXED, WILDCARD } from './operations.ts';

/** A rule with its host in the form that connections have. */
export interface Rule {
  readonly acl: AclBinding;
  readonly host: string;
}

/** Rules on one pattern, by principal. */
type Rules = Map<string, Rule[]>;

class ResourceRules {
  readonly literal = new Map<string, Rules>();
  readonly prefixed = new Map<string, Rules>();
  /** How many different prefixes have this length; the lengths in ascending order. */
  readonly lengthCounts = new Map<number, number>();
  lengths: readonly number[] = [];
}

export class AclIndex {
  readonly #byType = new Map<number, ResourceRules>();
  readonly #byId = new Map<string, Rule>();

  get size(): number {
    return this.#byId.size;
  }

  /** Replaces the rule of the same id. */
  set(acl: AclBinding): void {
    this.remove(acl.id);
    const rule = { acl, host: hostForm(acl.host) };
    this.#byId.set(acl.id, rule);
    const { resourceName, principal } = acl;
    const rulesOfType = this.#typeOf(acl.resourceType);
    const patterns = patternsOf(rulesOfType, acl);
    let rules = patterns.get(resourceName);
    if (!rules) {
      rules = new Map();
      patterns.set(resourceName, rules);
      if (acl.patternType === PREFIXED) countLength(rulesOfType, resourceName.length, 1);
    }
    const mine = rules.get(principal);
    if (mine) mine.push(rule);
    else rules.set(principal, [rule]);
  }

  remove(id: string): void {
    const rule = this.#byId.get(id);
    if (!rule) return;
    this.#byId.delete(id);
    const { acl } = rule;
    const rulesOfType = this.#typeOf(acl.resourceType);
    const patterns = patternsOf(rulesOfType, acl);
    const rules = patterns.get(acl.resourceName)!;
    const left = rules.get(acl.principal)!.filter((one) => one !== rule);
    if (left.length > 0) rules.set(acl.principal, left);
    else rules.delete(acl.principal);
    if (rules.size > 0) return;
    patterns.delete(acl.resourceName);
    if (acl.patternType === PREFIXED) countLength(rulesOfType, acl.resourceName.length, -1);
  }

  /**
   * Calls `see` with the rules of each pattern that `name` falls under: its own, prefixed ones, the wildcard. Ends early, and
   * answers true, when `see` does.
   */
  covering(resourceType: number, name: string, see: (rules: ReadonlyMap<string, readonly Rule[]>) => boolean): boolean {
    const rules = this.#byType.get(resourceType);
    if (!rules) return false;
    const own = rules.literal.get(name);
    if (own && see(own)) return true;
    for (const length of rules.lengths) {
      if (length > name.length) break;
      const prefixed = rules.prefixed.get(name.slice(0, length));
      if (prefixed && see(prefixed)) return true;
    }
    const every = name === WILDCARD ? undefined : rules.literal.get(WILDCARD);
    return every !== undefined && see(every);
  }

  /** All rules of these principals on resources of a type. */
  *of(resourceType: number, principals: readonly string[]): IterableIterator<Rule> {
    const rules = this.#byType.get(resourceType);
    if (!rules) return;
    for (const patterns of [rules.literal, rules.prefixed]) {
      for (const byPrincipal of patterns.values()) {
        for (const principal of principals) yield* byPrincipal.get(principal) ?? [];
      }
    }
  }

  #typeOf(resourceType: number): ResourceRules {
    let rules = this.#byType.get(resourceType);
    if (!rules) {
      rules = new ResourceRules();
      this.#byType.set(resourceType, rules);
    }
    return rules;
  }
}

function patternsOf(rules: ResourceRules, { patternType }: AclBinding): Map<string, Rules> {
  return patternType === LITERAL ? rules.literal : rules.prefixed;
}

function countLength(rules: ResourceRules, length: number, change: number): void {
  const count = (rules.lengthCounts.get(length) ?? 0) + change;
  if (count > 0) rules.lengthCounts.set(length, count);
  else rules.lengthCounts.delete(length);
  rules.lengths = [...rules.lengthCounts.keys()].sort((a, b) => a - b);
}
