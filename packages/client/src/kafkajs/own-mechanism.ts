// KafkaJS's SASL mechanisms that the native client does not have: an application's own (`authenticationProvider`, as packages
// for MSK's IAM bring one) and AWS. Tokens carry their size before them there, as Kafka before 1.0 had them on the wire.
import type { OwnMechanism } from '../connection/sasl/own.ts';
import type { Logger } from './logging.ts';
import type { KafkaConfig, Mechanism, SASLOptions, SaslAuthenticateArgs } from './model.ts';

const SIZE_BYTES = 4;

/** The configuration with what the native client takes in the place of these. */
export function withOwnMechanism(config: KafkaConfig, logger: Logger): KafkaConfig {
  const { sasl } = config;
  if (!sasl) return config;
  if (isOwn(sasl)) return { ...config, sasl: own(sasl, logger) as unknown as SASLOptions };
  if (!isAws(sasl)) return config;
  const { authorizationIdentity, accessKeyId, secretAccessKey, sessionToken = '' } = sasl;
  const token = [authorizationIdentity, accessKeyId, secretAccessKey, sessionToken].join('\0');
  const aws: OwnMechanism = {
    mechanism: 'AWS',
    authenticate: async (say) => void (await say(Buffer.from(token))),
  };
  return { ...config, sasl: aws as unknown as SASLOptions };
}

export function isOwn(sasl: SASLOptions | Mechanism): sasl is Mechanism {
  return typeof (sasl as Partial<Mechanism>).authenticationProvider === 'function';
}

function isAws(sasl: SASLOptions): sasl is Extract<SASLOptions, { mechanism: 'aws' }> {
  return String(sasl.mechanism).toLowerCase() === 'aws';
}

function own({ mechanism, authenticationProvider }: Mechanism, logger: Logger): OwnMechanism {
  const name = mechanism.toUpperCase();
  return {
    mechanism: name,
    authenticate: (say, { host, port }) => {
      const saslAuthenticate = async <P>({ request, response }: SaslAuthenticateArgs<P>): Promise<P | undefined> => {
        const answer = await say(withoutSize(await request.encode()));
        return response ? response.parse(await response.decode(withSize(answer))) : undefined;
      };
      const args = { host, port, logger: logger.namespace(`SaslAuthenticator-${name}`), saslAuthenticate };
      return authenticationProvider(args).authenticate();
    },
  };
}

function withoutSize(token: Buffer): Buffer {
  const sized = token.length >= SIZE_BYTES && token.readInt32BE(0) === token.length - SIZE_BYTES;
  return sized ? token.subarray(SIZE_BYTES) : token;
}

function withSize(token: Buffer): Buffer {
  const size = Buffer.alloc(SIZE_BYTES);
  size.writeInt32BE(token.length);
  return Buffer.concat([size, token]);
}
