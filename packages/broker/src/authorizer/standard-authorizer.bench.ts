// What a decision costs, in processor time, by how many rules there are: literal and prefixed ones of a thousand principals.
// A Produce or Fetch asks once for each topic that it names.
// Run: `node packages/broker/src/authorizer/standard-authorizer.bench.ts`.
import { type AclBinding, ClusterImage } from '@moldau/metadata';
import { ALLOW, LITERAL, OPERATIONS, PREFIXED, RESOURCES } from './operations.ts';
import { StandardAuthorizer } from './standard-authorizer.ts';

const ASKS = 1_000_000;
const settings = { superUsers: new Set<string>(), allowIfNoAcl: false };

function ruleOf(serial: number): AclBinding {
  const prefixed = serial % 4 === 0;
  return {
    id: `r${serial}`,
    resourceType: RESOURCES.topic,
    resourceName: prefixed ? `team-${serial % 997}.` : `team-${serial % 997}.topic-${serial}`,
    patternType: prefixed ? PREFIXED : LITERAL,
    principal: `User:u${serial % 1_000}`,
    host: '*',
    operation: OPERATIONS.READ,
    permissionType: ALLOW,
  };
}

for (const count of [0, 100, 10_000, 100_000]) {
  const rules = Array.from({ length: count }, (_, serial) => ruleOf(serial));
  const records = rules.map((acl) => ({ kind: 'aclSet' as const, acl }));
  const image = ClusterImage.empty.apply({ offset: 0, epoch: 1, records });
  const builtAt = process.cpuUsage();
  const authorizer = new StandardAuthorizer(settings, image);
  const built = process.cpuUsage(builtAt);
  const asks = Array.from({ length: 1_000 }, (_, index) => {
    const serial = count === 0 ? index : (index * 7_919) % count;
    return { principal: `User:u${serial % 1_000}`, host: '10.0.0.1', name: `team-${serial % 997}.topic-${serial}` };
  });
  let allowed = 0;
  const startedAt = process.cpuUsage();
  for (let ask = 0; ask < ASKS; ask++) {
    const { name, ...asker } = asks[ask % asks.length]!;
    if (authorizer.allows(asker, 'READ', 'topic', name)) allowed++;
  }
  const spent = process.cpuUsage(startedAt);
  const ns = ((spent.user + spent.system) * 1_000) / ASKS;
  const buildMs = (built.user + built.system) / 1_000;
  process.stdout.write(
    `${String(count).padStart(7)} rules: ${ns.toFixed(0).padStart(5)} ns a decision (${((allowed * 100) / ASKS).toFixed(0)} % allowed), read in ${buildMs.toFixed(0)} ms\n`,
  );
}
