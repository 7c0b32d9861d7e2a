// ZooKeeper: with `zookeeper.connect` the metadata of the cluster is kept in an ensemble instead of beside the data, and
// several brokers are one cluster. Kafka's names; the credentials, which Kafka takes from a JAAS file, have one of ours.
import { boolean, choice, int, list, password, string } from '../setting.ts';

export const ZOOKEEPER_SETTINGS = {
  'zookeeper.connect': string(
    null,
    'The ensemble that keeps the metadata of the cluster: host:port,host:port/chroot. Unset: it is kept beside the data, and this process is the whole cluster.',
    { importance: 'HIGH' },
  ),
  'zookeeper.session.timeout.ms': int(
    9_000,
    'Silence after which ZooKeeper gives a broker up, so that others lead its partitions. Kafka has 18000 here and 9000 in KRaft (broker.session.timeout.ms).',
    { min: 500, importance: 'HIGH' },
  ),
  'zookeeper.connection.timeout.ms': int(
    null,
    'How long a starting broker waits for the first connection; zookeeper.session.timeout.ms when unset.',
    { min: 1, importance: 'HIGH' },
  ),
  'zookeeper.max.in.flight.requests': int(10, 'Requests to ZooKeeper that are sent and not answered yet.', {
    min: 1,
    importance: 'HIGH',
  }),
  'zookeeper.set.acl': boolean(
    false,
    'Znodes are made so that only holders of zookeeper.digest.credentials may change them, and see the metadata log.',
    { importance: 'HIGH' },
  ),
  'zookeeper.digest.credentials': password(
    null,
    "What is shown to ZooKeeper, user:password (scheme digest). Moldau's own; Kafka takes it from a JAAS file.",
    { importance: 'HIGH' },
  ),
  'zookeeper.ssl.client.enable': boolean(false, 'ZooKeeper is reached by TLS.'),
  'zookeeper.ssl.truststore.location': string(
    null,
    'Certificates that are trusted, in PEM or PKCS#12; unset: those of the platform.',
  ),
  'zookeeper.ssl.truststore.type': string(
    null,
    'Format of the trust store: PEM or PKCS12; by its content when unset. One that is said has to be that of the content.',
  ),
  'zookeeper.ssl.truststore.password': password(null, 'Password of the trust store; a PEM file has none.'),
  'zookeeper.ssl.keystore.location': string(
    null,
    'Certificate and key of this broker, in one PEM file or in PKCS#12, where ZooKeeper asks for them.',
  ),
  'zookeeper.ssl.keystore.type': string(
    null,
    'Format of the key store: PEM or PKCS12; by its content when unset. One that is said has to be that of the content.',
  ),
  'zookeeper.ssl.keystore.password': password(null, 'Password of the key store.'),
  'zookeeper.ssl.protocol': choice(
    ['TLSv1.2', 'TLSv1.3'],
    'TLSv1.2',
    'The oldest version of TLS that is spoken, where zookeeper.ssl.enabled.protocols says nothing; newer ones are spoken too.',
  ),
  'zookeeper.ssl.enabled.protocols': list(null, 'Versions of TLS that are spoken, and no others.', {
    oneOf: ['TLSv1.2', 'TLSv1.3'],
    notEmpty: true,
  }),
  'zookeeper.ssl.cipher.suites': list(null, 'Cipher suites that are offered; unset: those of the platform.'),
  'zookeeper.ssl.endpoint.identification.algorithm': string(
    'HTTPS',
    'HTTPS: the certificate must be for the host that zookeeper.connect names; empty: any name will do.',
  ),
  'zookeeper.ssl.crl.enable': boolean(false, 'Certificates are looked up in revocation lists.', {
    refused: 'revocation lists are not looked at',
  }),
  'zookeeper.ssl.ocsp.enable': boolean(false, 'Certificates are looked up by OCSP.', {
    refused: 'OCSP is not asked',
  }),
  'zookeeper.clientCnxnSocket': string(null, "Class of Kafka's that makes the connection.", {
    inert: 'TLS needs zookeeper.ssl.client.enable only',
  }),
};
