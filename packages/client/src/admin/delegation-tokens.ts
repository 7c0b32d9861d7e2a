// Delegation tokens (KIP-48): credentials of limited life for those who work on somebody's behalf.
import { KafkaError, throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions } from './admin-model.ts';
import type { DelegationToken, NewDelegationToken } from './security-model.ts';

interface WirePrincipal {
  readonly principalType: string;
  readonly principalName: string;
}

/** 'User:alice' in its two parts. */
function principalOf(text: string): WirePrincipal {
  const colon = text.indexOf(':');
  if (colon > 0) return { principalType: text.slice(0, colon), principalName: text.slice(colon + 1) };
  throw new KafkaError('INVALID_ARGUMENT', { message: `"${text}" is no principal; "User:${text}" is one.` });
}

const textOf = ({ principalType, principalName }: WirePrincipal) => `${principalType}:${principalName}`;

function requesterOf(type: string, name: string): { readonly requester?: string } {
  return name === '' ? {} : { requester: `${type}:${name}` };
}

export function createDelegationToken(calls: AdminCalls, options: NewDelegationToken = {}): Promise<DelegationToken> {
  const renewers = (options.renewers ?? []).map(principalOf);
  const owner = options.owner === undefined ? undefined : principalOf(options.owner);
  return calls.run('Creating a delegation token', options, async () => {
    const answer = await calls.cluster.send('controller', 'CreateDelegationToken', (version) => {
      if (owner && version < 3) {
        throw new KafkaError('UNSUPPORTED_VERSION', { message: 'The broker gives tokens to their owners only.' });
      }
      return {
        renewers,
        maxLifetimeMs: options.maxLifetimeMs ?? -1,
        ...(version < 3
          ? {}
          : { ownerPrincipalType: owner?.principalType ?? null, ownerPrincipalName: owner?.principalName ?? null }),
      };
    });
    throwOnCode(answer.errorCode);
    return {
      tokenId: answer.tokenId,
      hmac: answer.hmac,
      owner: textOf(answer),
      ...requesterOf(answer.tokenRequesterPrincipalType, answer.tokenRequesterPrincipalName),
      renewers: renewers.map(textOf),
      issueTimestampMs: answer.issueTimestampMs,
      expiryTimestampMs: answer.expiryTimestampMs,
      maxTimestampMs: answer.maxTimestampMs,
    };
  });
}

export function renewDelegationToken(
  calls: AdminCalls,
  hmac: Buffer,
  options: CallOptions & { readonly renewTimePeriodMs?: number } = {},
): Promise<number> {
  return calls.run('Renewing a delegation token', options, async () => {
    const renewPeriodMs = options.renewTimePeriodMs ?? -1;
    const answer = await calls.cluster.send('controller', 'RenewDelegationToken', { hmac, renewPeriodMs });
    throwOnCode(answer.errorCode);
    return answer.expiryTimestampMs;
  });
}

export function expireDelegationToken(
  calls: AdminCalls,
  hmac: Buffer,
  options: CallOptions & { readonly expiryTimePeriodMs?: number } = {},
): Promise<number> {
  return calls.run('Expiring a delegation token', options, async () => {
    const expiryTimePeriodMs = options.expiryTimePeriodMs ?? -1;
    const answer = await calls.cluster.send('controller', 'ExpireDelegationToken', { hmac, expiryTimePeriodMs });
    throwOnCode(answer.errorCode);
    return answer.expiryTimestampMs;
  });
}

export function describeDelegationTokens(
  calls: AdminCalls,
  owners?: readonly string[],
  options: CallOptions = {},
): Promise<DelegationToken[]> {
  const wanted = owners?.map(principalOf) ?? null;
  return calls.run('Describing delegation tokens', options, async () => {
    const answer = await calls.cluster.send('any', 'DescribeDelegationToken', { owners: wanted });
    throwOnCode(answer.errorCode);
    return answer.tokens.map((token) => ({
      tokenId: token.tokenId,
      hmac: token.hmac,
      owner: textOf(token),
      ...requesterOf(token.tokenRequesterPrincipalType, token.tokenRequesterPrincipalName),
      renewers: token.renewers.map(textOf),
      issueTimestampMs: token.issueTimestamp,
      expiryTimestampMs: token.expiryTimestamp,
      maxTimestampMs: token.maxTimestamp,
    }));
  });
}
