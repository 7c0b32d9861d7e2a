// Whether whoever asks may do what they ask for: the one question that handlers put to the authorizer. Without one everybody
// may do everything, which costs a look at a field. A refusal is counted and told; a quiet question, which only decides what
// an answer shows, is neither (Kafka's logIfDenied).
import { WIRE_ERRORS, type WireError } from '@moldau/protocol/errors';
import { CLUSTER_NAME, type Operation, RESOURCE_NAMES, type Resource } from '../authorizer/operations.ts';
import type { Reason } from '../authorizer/standard-authorizer.ts';
import type { BrokerContext, Call } from '../context.ts';
import { typeOf } from '../controller/alter-configs.ts';
import { type Outcome, refused } from '../controller/decision.ts';
import { SECURITY_EVENTS } from '../events.ts';

export function may(
  broker: BrokerContext,
  call: Call,
  operation: Operation,
  resource: Resource,
  name: string,
): boolean {
  const { authorizer } = broker;
  if (authorizer === undefined) return true;
  const { allowed, reason } = authorizer.judge(call, operation, resource, name);
  if (!allowed) denied(broker, call, operation, `${RESOURCE_NAMES[resource]}:LITERAL:${name}`, reason);
  return allowed;
}

export function mayInCluster(broker: BrokerContext, call: Call, operation: Operation): boolean {
  return may(broker, call, operation, 'cluster', CLUSTER_NAME);
}

/** As `may`; nobody hears of a no. */
export function couldDo(
  broker: BrokerContext,
  call: Call,
  operation: Operation,
  resource: Resource,
  name: string,
): boolean {
  return broker.authorizer?.allows(call, operation, resource, name) ?? true;
}

export function couldDoInCluster(broker: BrokerContext, call: Call, operation: Operation): boolean {
  return couldDo(broker, call, operation, 'cluster', CLUSTER_NAME);
}

/** A producer without transactional id: IDEMPOTENT_WRITE on the cluster, or WRITE on any topic at all (KIP-679). */
export function mayProduceIdempotently(broker: BrokerContext, call: Call): boolean {
  const { authorizer } = broker;
  if (authorizer === undefined || couldDoInCluster(broker, call, 'IDEMPOTENT_WRITE')) return true;
  if (authorizer.allowsSome(call, 'WRITE', 'topic')) return true;
  denied(broker, call, 'WRITE', 'Topic:ANY', { kind: 'noMatchingAcl' });
  return false;
}

/**
 * The refusal of somebody who may not describe or alter these settings: of topics and groups by their own name, all others are
 * the cluster's. A type that does not exist is told as such by who looks at it.
 */
export function configsRefusal(
  broker: BrokerContext,
  call: Call,
  operation: 'DESCRIBE_CONFIGS' | 'ALTER_CONFIGS',
  { resourceType, resourceName }: { readonly resourceType: number; readonly resourceName: string },
): Outcome | undefined {
  if (!broker.authorizer) return undefined;
  const unauthorized = (error: WireError) => refused(error, WIRE_ERRORS[error].message);
  switch (typeOf(resourceType)) {
    case 'topic':
      if (may(broker, call, operation, 'topic', resourceName)) return undefined;
      return unauthorized('TOPIC_AUTHORIZATION_FAILED');
    case 'group':
      if (may(broker, call, operation, 'group', resourceName)) return undefined;
      return unauthorized('GROUP_AUTHORIZATION_FAILED');
    case 'broker':
    case 'brokerLogger':
    case 'clientMetrics':
      return mayInCluster(broker, call, operation) ? undefined : unauthorized('CLUSTER_AUTHORIZATION_FAILED');
    case 'unknown':
      return undefined;
  }
}

function denied(broker: BrokerContext, call: Call, operation: Operation, resource: string, reason: Reason): void {
  broker.metrics.authorizationsDenied.value++;
  broker.events.emit(SECURITY_EVENTS.denied, {
    principal: call.principal,
    host: call.host,
    operation,
    resource,
    api: call.apiKey,
    rule: ruleText(reason),
  });
}

/** Under which a refusal is looked up: the rule itself, or why there was none. */
function ruleText(reason: Reason): string {
  switch (reason.kind) {
    case 'acl': {
      const { resourceName, principal, host, id } = reason.acl;
      return `a DENY for ${principal} from ${host} on ${resourceName} (${id})`;
    }
    case 'noMatchingAcl':
      return 'there are rules for the resource, and none allows this';
    case 'default':
      return 'there is no rule for the resource, and allow.everyone.if.no.acl.found is false';
    case 'superUser':
      return 'a super user';
  }
}
