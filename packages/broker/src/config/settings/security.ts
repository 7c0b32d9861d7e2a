// Encryption, authentication, authorization. Only PLAINTEXT listeners are served yet: a listener of another protocol
// stops the start (listeners.ts), so the settings of those protocols have nothing to act on. What would be a protection
// by itself is refused. The authorizer holds requests to the access rules of the cluster (authorizer/).
import { boolean, choice, double, int, javaClass, list, long, password, short, string } from '../setting.ts';

const ssl = { inert: 'no SSL listener is served yet' };
const sasl = { inert: 'no SASL listener is served yet' };
const tokens = { inert: 'delegation tokens are not served yet' };
const one = { mode: 'per-broker' } as const;

export const SECURITY_SETTINGS = {
  'authorizer.class.name': string(
    '',
    "The class that decides who may do what: Kafka's org.apache.kafka.metadata.authorizer.StandardAuthorizer (or its name in ZooKeeper clusters, kafka.security.authorizer.AclAuthorizer). Empty: everybody may do everything.",
    { importance: 'LOW' },
  ),
  'super.users': string('', 'Principals that may do everything, whatever the ACLs say: User:a;User:b.', {
    importance: 'LOW',
  }),
  'allow.everyone.if.no.acl.found': boolean(
    false,
    'Whether a resource without any ACL is open to everybody. Else it is closed to all but super users.',
    { importance: 'LOW' },
  ),
  'principal.builder.class': javaClass(
    'org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder',
    'The class that names the principal of a connection.',
    { ...one, refused: 'classes of Java cannot be run; principals would get other names than expected' },
  ),
  'client.quota.callback.class': javaClass(null, 'The class that computes quotas.', {
    importance: 'LOW',
    refused: 'classes of Java cannot be run; its quotas would not hold',
  }),
  'security.providers': string(null, 'Classes that add security algorithms to Java.', { importance: 'LOW', ...ssl }),
  'connections.max.reauth.ms': long(0, 'How long a session lasts before the client must authenticate again.', sasl),
  'ssl.client.auth': choice(['required', 'requested', 'none'], 'none', 'Whether clients must show a certificate.', {
    ...one,
    ...ssl,
  }),
  'ssl.principal.mapping.rules': string('DEFAULT', 'How a certificate names a principal.', {
    importance: 'LOW',
    ...ssl,
  }),
  'ssl.allow.dn.changes': boolean(false, 'Allow a new certificate to name another subject.', {
    importance: 'LOW',
    ...ssl,
  }),
  'ssl.allow.san.changes': boolean(false, 'Allow a new certificate to name other hosts.', {
    importance: 'LOW',
    ...ssl,
  }),
  'ssl.protocol': string('TLSv1.3', 'The protocol by which TLS contexts are made.', { ...one, ...ssl }),
  'ssl.provider': string(null, 'The security provider of Java.', { ...one, ...ssl }),
  'ssl.enabled.protocols': list(['TLSv1.2', 'TLSv1.3'], 'Versions of TLS that are offered.', { ...one, ...ssl }),
  'ssl.cipher.suites': list([], 'Cipher suites that are offered; empty: all.', { ...one, ...ssl }),
  'ssl.keystore.type': string('JKS', 'Format of the key store.', { ...one, ...ssl }),
  'ssl.keystore.location': string(null, 'File of the key store.', { ...one, ...ssl }),
  'ssl.keystore.password': password(null, 'Password of the key store.', { ...one, ...ssl }),
  'ssl.key.password': password(null, 'Password of the private key.', { ...one, ...ssl }),
  'ssl.keystore.key': password(null, 'The private key itself, in PEM.', { ...one, ...ssl }),
  'ssl.keystore.certificate.chain': password(null, 'The certificate chain itself, in PEM.', { ...one, ...ssl }),
  'ssl.truststore.type': string('JKS', 'Format of the trust store.', { ...one, ...ssl }),
  'ssl.truststore.location': string(null, 'File of the trust store.', { ...one, ...ssl }),
  'ssl.truststore.password': password(null, 'Password of the trust store.', { ...one, ...ssl }),
  'ssl.truststore.certificates': password(null, 'The trusted certificates themselves, in PEM.', { ...one, ...ssl }),
  'ssl.keymanager.algorithm': string('SunX509', 'Algorithm of the key manager of Java.', { ...one, ...ssl }),
  'ssl.trustmanager.algorithm': string('PKIX', 'Algorithm of the trust manager of Java.', { ...one, ...ssl }),
  'ssl.endpoint.identification.algorithm': string('https', 'How the name of a peer is checked.', {
    importance: 'LOW',
    ...one,
    ...ssl,
  }),
  'ssl.secure.random.implementation': string(null, 'Random generator of Java.', { importance: 'LOW', ...one, ...ssl }),
  'ssl.engine.factory.class': javaClass(null, 'Class that makes TLS engines.', { importance: 'LOW', ...one, ...ssl }),
  'sasl.enabled.mechanisms': list(['GSSAPI'], 'SASL mechanisms that are offered.', { ...one, ...sasl }),
  'sasl.mechanism.inter.broker.protocol': string('GSSAPI', 'SASL mechanism between brokers.', { ...one, ...sasl }),
  'sasl.jaas.config': password(null, 'Login modules of Java for SASL.', { ...one, ...sasl }),
  'sasl.server.max.receive.size': int(524_288, 'Largest SASL request.', sasl),
  'sasl.server.callback.handler.class': javaClass(null, 'Class that checks SASL credentials.', sasl),
  'sasl.client.callback.handler.class': javaClass(null, 'Class that gives SASL credentials.', sasl),
  'sasl.login.class': javaClass(null, 'Login class of Java.', sasl),
  'sasl.login.callback.handler.class': javaClass(null, 'Login callback class of Java.', sasl),
  'sasl.login.refresh.window.factor': double(0.8, 'Share of the lifetime of a token after which it is renewed.', {
    ...one,
    ...sasl,
  }),
  'sasl.login.refresh.window.jitter': double(0.05, 'Random part of that.', { ...one, ...sasl }),
  'sasl.login.refresh.min.period.seconds': short(60, 'Shortest time between two renewals.', { ...one, ...sasl }),
  'sasl.login.refresh.buffer.seconds': short(300, 'Time before expiry that a renewal keeps.', { ...one, ...sasl }),
  'sasl.login.connect.timeout.ms': int(null, 'Time-out of connections to a token server.', {
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.login.read.timeout.ms': int(null, 'Time-out of reads from a token server.', { importance: 'LOW', ...sasl }),
  'sasl.login.retry.backoff.ms': long(100, 'Wait before a login is tried again.', { importance: 'LOW', ...sasl }),
  'sasl.login.retry.backoff.max.ms': long(10_000, 'Longest such wait.', { importance: 'LOW', ...sasl }),
  'sasl.kerberos.service.name': string(null, 'Kerberos name of the brokers.', { ...one, ...sasl }),
  'sasl.kerberos.kinit.cmd': string('/usr/bin/kinit', 'The kinit command.', { ...one, ...sasl }),
  'sasl.kerberos.ticket.renew.window.factor': double(
    0.8,
    'Share of the lifetime of a ticket after which it is renewed.',
    {
      ...one,
      ...sasl,
    },
  ),
  'sasl.kerberos.ticket.renew.jitter': double(0.05, 'Random part of that.', { ...one, ...sasl }),
  'sasl.kerberos.min.time.before.relogin': long(60_000, 'Shortest time between two logins.', { ...one, ...sasl }),
  'sasl.kerberos.principal.to.local.rules': list(['DEFAULT'], 'How a Kerberos principal is shortened.', {
    ...one,
    ...sasl,
  }),
  'sasl.oauthbearer.jwt.retriever.class': javaClass(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtRetriever',
    'Class that gets tokens.',
    sasl,
  ),
  'sasl.oauthbearer.jwt.validator.class': javaClass(
    'org.apache.kafka.common.security.oauthbearer.DefaultJwtValidator',
    'Class that checks tokens.',
    sasl,
  ),
  'sasl.oauthbearer.scope': string(null, 'Scope that is asked for.', sasl),
  'sasl.oauthbearer.client.credentials.client.id': string(null, 'Client id for the token server.', sasl),
  'sasl.oauthbearer.client.credentials.client.secret': password(null, 'Client secret for the token server.', sasl),
  'sasl.oauthbearer.assertion.algorithm': choice(
    ['ES256', 'RS256'],
    'RS256',
    'Algorithm by which assertions are signed.',
    {
      anyCase: true,
      ...sasl,
    },
  ),
  'sasl.oauthbearer.assertion.claim.aud': string(null, 'Audience of assertions.', sasl),
  'sasl.oauthbearer.assertion.claim.exp.seconds': int(300, 'Lifetime of assertions.', {
    min: 0,
    max: 86_400,
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.oauthbearer.assertion.claim.iss': string(null, 'Issuer of assertions.', sasl),
  'sasl.oauthbearer.assertion.claim.jti.include': boolean(false, 'Whether assertions bear an id.', sasl),
  'sasl.oauthbearer.assertion.claim.nbf.seconds': int(60, 'How far before now assertions begin to hold.', {
    min: 0,
    max: 3_600,
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.oauthbearer.assertion.claim.sub': string(null, 'Subject of assertions.', sasl),
  'sasl.oauthbearer.assertion.file': string(null, 'File with a ready assertion.', sasl),
  'sasl.oauthbearer.assertion.private.key.file': string(null, 'File with the key that signs assertions.', sasl),
  'sasl.oauthbearer.assertion.private.key.passphrase': password(null, 'Passphrase of that key.', sasl),
  'sasl.oauthbearer.assertion.template.file': string(null, 'File with the frame of assertions.', sasl),
  'sasl.oauthbearer.scope.claim.name': string('scope', 'Claim that holds the scope.', { importance: 'LOW', ...sasl }),
  'sasl.oauthbearer.sub.claim.name': string('sub', 'Claim that holds the subject.', { importance: 'LOW', ...sasl }),
  'sasl.oauthbearer.token.endpoint.url': string(null, 'Address of the token server.', sasl),
  'sasl.oauthbearer.jwks.endpoint.url': string(null, 'Address of the keys that check tokens.', sasl),
  'sasl.oauthbearer.jwks.endpoint.refresh.ms': long(3_600_000, 'How often the keys are fetched.', {
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.ms': long(100, 'Wait before they are tried again.', {
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.oauthbearer.jwks.endpoint.retry.backoff.max.ms': long(10_000, 'Longest such wait.', {
    importance: 'LOW',
    ...sasl,
  }),
  'sasl.oauthbearer.clock.skew.seconds': int(30, 'By how much clocks may differ.', { importance: 'LOW', ...sasl }),
  'sasl.oauthbearer.expected.audience': list([], 'Audiences that are accepted.', { importance: 'LOW', ...sasl }),
  'sasl.oauthbearer.expected.issuer': string(null, 'Issuer that is accepted.', { importance: 'LOW', ...sasl }),
  'delegation.token.secret.key': password(null, 'Key that signs delegation tokens.', tokens),
  'delegation.token.max.lifetime.ms': long(604_800_000, 'Longest lifetime of a token.', { min: 1, ...tokens }),
  'delegation.token.expiry.time.ms': long(86_400_000, 'Time after which a token must be renewed.', {
    min: 1,
    ...tokens,
  }),
  'delegation.token.expiry.check.interval.ms': long(3_600_000, 'How often expired tokens are removed.', {
    min: 1,
    importance: 'LOW',
    ...tokens,
  }),
};
