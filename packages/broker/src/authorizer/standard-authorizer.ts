// Who may do what, by the rules in the cluster's metadata: Kafka's org.apache.kafka.metadata.authorizer.StandardAuthorizer.
// In the flow: the metadata log brings rules (`follow`), handlers ask through `handlers/access`. Decisions read nothing else
// and wait for nothing.
// Always: a super user may do anything; else one rule that denies is enough to be refused, one that allows to be let in; where
// rules exist for the resource and none speaks for the asker, it is refused; where none exist, the default decides.
import type { AclBinding, ClusterImage, MetadataRecord } from '@moldau/metadata';
import { AclIndex, type Rule } from './acl-index.ts';
import {
  ALLOW,
  allowsOperation,
  DENY,
  deniesOperation,
  EVERY_USER,
  LITERAL,
  OPERATIONS,
  type Operation,
  PREFIXED,
  RESOURCES,
  type Resource,
  WILDCARD,
} from './operations.ts';

/** Who asks. */
export interface Asker {
  /** `User:name`. */
  readonly principal: string;
  /** Address, in the form of `hostForm`. */
  readonly host: string;
}

export interface AuthorizerSettings {
  /** `User:name` each (super.users). */
  readonly superUsers: ReadonlySet<string>;
  /** allow.everyone.if.no.acl.found. */
  readonly allowIfNoAcl: boolean;
}

export type Reason =
  | { readonly kind: 'superUser' }
  | { readonly kind: 'acl'; readonly acl: AclBinding }
  /** Rules on the resource, none for the asker. */
  | { readonly kind: 'noMatchingAcl' }
  /** No rules on the resource at all. */
  | { readonly kind: 'default' };

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: Reason;
}

const SUPER_USER: Verdict = { allowed: true, reason: { kind: 'superUser' } };
const UNNAMED: Verdict = { allowed: false, reason: { kind: 'noMatchingAcl' } };
const ALLOWED_BY_DEFAULT: Verdict = { allowed: true, reason: { kind: 'default' } };
const DENIED_BY_DEFAULT: Verdict = { allowed: false, reason: { kind: 'default' } };

export class StandardAuthorizer {
  readonly #settings: AuthorizerSettings;
  readonly #index = new AclIndex();

  constructor(settings: AuthorizerSettings, image: ClusterImage) {
    this.#settings = settings;
    for (const acl of image.acls()) this.#index.set(acl);
  }

  get aclCount(): number {
    return this.#index.size;
  }

  /** Takes what a batch of the metadata log, as it takes effect, says about rules. */
  follow(records: readonly MetadataRecord[]): void {
    for (const record of records) {
      if (record.kind === 'aclSet') this.#index.set(record.acl);
      else if (record.kind === 'aclRemoved') this.#index.remove(record.id);
    }
  }

  /** Whether the asker may do it with the resource of this name, and by what. */
  judge(asker: Asker, operation: Operation, resource: Resource, name: string): Verdict {
    if (this.#settings.superUsers.has(asker.principal)) return SUPER_USER;
    const wanted = OPERATIONS[operation];
    let someRules = false;
    let allowing: AclBinding | undefined;
    let denying: AclBinding | undefined;
    const see = ({ host, acl }: Rule): boolean => {
      if (host !== WILDCARD && host !== asker.host) return false;
      if (acl.permissionType === ALLOW) {
        if (allowsOperation(acl.operation, wanted)) allowing = acl;
      } else if (deniesOperation(acl.operation, wanted)) {
        denying = acl;
        return true;
      }
      return false;
    };
    this.#index.covering(RESOURCES[resource], name, (rules) => {
      someRules = true;
      if (rules.get(asker.principal)?.some(see)) return true;
      return rules.get(EVERY_USER)?.some(see) ?? false;
    });
    const found = denying ?? allowing;
    if (found) return { allowed: denying === undefined, reason: { kind: 'acl', acl: found } };
    if (someRules) return UNNAMED;
    return this.#settings.allowIfNoAcl ? ALLOWED_BY_DEFAULT : DENIED_BY_DEFAULT;
  }

  allows(asker: Asker, operation: Operation, resource: Resource, name: string): boolean {
    return this.judge(asker, operation, resource, name).allowed;
  }

  /** Whether there is any resource of the kind that the asker may do it with (Authorizer.authorizeByResourceType). */
  allowsSome(asker: Asker, operation: Operation, resource: Resource): boolean {
    // A name that nobody has: super users, wildcards and the default are all in this.
    if (this.allows(asker, operation, resource, 'hardcode')) return true;
    const wanted = OPERATIONS[operation];
    const denied = { literal: new Set<string>(), prefixed: new Set<string>() };
    const allowed: AclBinding[] = [];
    for (const { acl, host } of this.#index.of(RESOURCES[resource], [asker.principal, EVERY_USER])) {
      if (host !== WILDCARD && host !== asker.host) continue;
      // Kafka does not count implied operations here.
      if (acl.operation !== wanted && acl.operation !== OPERATIONS.ALL) continue;
      if (acl.permissionType === ALLOW) allowed.push(acl);
      else if (acl.permissionType === DENY) {
        if (acl.patternType === LITERAL && acl.resourceName === WILDCARD) return false;
        denied[acl.patternType === PREFIXED ? 'prefixed' : 'literal'].add(acl.resourceName);
      }
    }
    return allowed.some(({ patternType, resourceName }) => {
      if (patternType === LITERAL && resourceName === WILDCARD) return true;
      if (patternType === LITERAL && denied.literal.has(resourceName)) return false;
      for (let length = 1; length <= resourceName.length; length++) {
        if (denied.prefixed.has(resourceName.slice(0, length))) return false;
      }
      return true;
    });
  }

  /** Whether anybody at all who comes as `principal`, from whatever host, may do it: for a check before anybody comes. */
  allowsFromSomewhere(principal: string, operation: Operation, resource: Resource, name: string): boolean {
    if (this.allows({ principal, host: '' }, operation, resource, name)) return true;
    const hosts = new Set<string>();
    this.#index.covering(RESOURCES[resource], name, (rules) => {
      for (const who of [principal, EVERY_USER]) for (const { host } of rules.get(who) ?? []) hosts.add(host);
      return false;
    });
    return [...hosts].some((host) => this.allows({ principal, host }, operation, resource, name));
  }
}
