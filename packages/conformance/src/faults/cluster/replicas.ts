// After everything: do all replicas of a topic hold the same batches? Asked by the tool that operators have for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** How long the tool may take to read everything. */
const PATIENCE_MS = 30_000;

/** Complains of every difference, and when not all could be compared. */
export async function compareAllReplicas(
  bootstrap: string,
  topic: string,
  repository: string,
  complain: (text: string) => void,
): Promise<void> {
  const tool = join(repository, 'bin/kafka-replica-verification.sh');
  const args = ['--broker-list', bootstrap, '--topics-include', topic, '--time', '-2', '--report-interval-ms', '500'];
  const child = spawn(tool, [...args, '--max-wait-ms', '200', '--fetch-size', '8000000'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const impatience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  let text = '';
  let compared = false;
  for await (const chunk of child.stdout) {
    text += String(chunk);
    // In peace the lag of what has been compared is nought in the end.
    compared ||= / max lag is 0 for partition /.test(text);
    if (compared) child.kill('SIGINT');
  }
  clearTimeout(impatience);
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const differences = text.split('\n').filter((line) => /unmatched checksum|doesn't match/.test(line));
  for (const line of differences.slice(0, 5)) complain(`replicas differ: ${line}`);
  if (!compared) complain(`the replicas could not be compared to their ends: ${text.trim().split('\n').at(-1)}`);
}
