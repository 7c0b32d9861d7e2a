// What the cluster remembers of brokers that are gone.
import { throwOnCode } from '../errors.ts';
import type { AdminCalls } from './admin-calls.ts';
import type { CallOptions } from './admin-model.ts';

/** Forgets a broker that will not come back. Throws UNSUPPORTED_VERSION where brokers register by living only. */
export function unregisterBroker(calls: AdminCalls, brokerId: number, options: CallOptions = {}): Promise<void> {
  return calls.run(`Unregistering broker ${brokerId}`, options, async () => {
    const answer = await calls.cluster.send('controller', 'UnregisterBroker', { brokerId });
    throwOnCode(answer.errorCode, { message: answer.errorMessage });
  });
}
