// The authorizer that the settings ask for, or none; and a look, before a broker of a cluster registers, at whether the others
// will take its requests at all. Kafka's brokers fail there as well, each at its first request to another.
import type { ClusterImage } from '@moldau/metadata';
import type { BrokerConfig } from '../config/broker-config.ts';
import { CLUSTER_NAME } from './operations.ts';
import { StandardAuthorizer } from './standard-authorizer.ts';

/** Names under which Kafka's own authorizers, of KRaft and of ZooKeeper clusters, stand in files. All decide alike. */
export const AUTHORIZER_CLASSES: readonly string[] = [
  'org.apache.kafka.metadata.authorizer.StandardAuthorizer',
  'kafka.security.authorizer.AclAuthorizer',
];

/** Who connects without authentication: every client, and every other broker. */
export const ANONYMOUS = 'User:ANONYMOUS';

/** Brokers of this cluster would refuse each other. */
export class BrokersWouldBeRefused extends Error {
  constructor() {
    super(
      `Brokers connect to each other as ${ANONYMOUS} (there is no authentication yet), and with authorizer.class.name set nothing allows them CLUSTER_ACTION on the cluster: they would refuse each other. Add ${ANONYMOUS} to super.users; or allow it ClusterAction on the cluster from the addresses of the brokers (kafka-acls --add --cluster --operation ClusterAction --allow-principal ${ANONYMOUS} --allow-host ...) while it is a super user or no authorizer is set; or set allow.everyone.if.no.acl.found=true.`,
    );
    this.name = 'BrokersWouldBeRefused';
  }
}

/** `User:a;User:b`, as Kafka reads super.users. */
export function superUsersOf(text: string): string[] {
  return text
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

export function openAuthorizer(config: BrokerConfig, image: ClusterImage): StandardAuthorizer | undefined {
  if (config.authorizerClassName === '') return undefined;
  const superUsers = new Set(superUsersOf(config.superUsers));
  return new StandardAuthorizer({ superUsers, allowIfNoAcl: config.allowEveryoneIfNoAclFound }, image);
}

/**
 * Throws BrokersWouldBeRefused where there are other brokers, or will be (`severalBrokers`), and none could do what brokers
 * do: from no host at all. That a broker's own address is allowed only the others can tell.
 */
export function checkBrokersMayMeet(config: BrokerConfig, image: ClusterImage, severalBrokers: boolean): void {
  const others = image.brokers().some(({ brokerId }) => brokerId !== config.nodeId);
  if (!severalBrokers && !others) return;
  const allowed = openAuthorizer(config, image)?.allowsFromSomewhere(
    ANONYMOUS,
    'CLUSTER_ACTION',
    'cluster',
    CLUSTER_NAME,
  );
  if (allowed === false) throw new BrokersWouldBeRefused();
}
