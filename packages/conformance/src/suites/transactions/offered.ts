// Whether the broker under test has transactions, and by which protocol. Asked once, before the tests are named.
import { Admin } from '@moldau/client';
import { bootstrap } from '../../suite/target.ts';

/** API key of EndTxn. */
const END_TXN = 26;

export interface Offered {
  readonly transactions: boolean;
  /** 2 and more: KIP-890. */
  readonly transactionVersion: number;
}

export async function offered(): Promise<Offered> {
  const admin = new Admin({ bootstrapServers: bootstrap });
  try {
    const { apis, finalizedFeatures } = await admin.apiVersions();
    const feature = finalizedFeatures.find(({ name }) => name === 'transaction.version');
    return {
      transactions: apis.some(({ apiKey }) => apiKey === END_TXN),
      transactionVersion: feature?.maxVersionLevel ?? 0,
    };
  } finally {
    await admin.close();
  }
}
