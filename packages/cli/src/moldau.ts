// The `moldau` command, which every script in bin/ runs: `moldau topics …`, `moldau kafka-topics …`, `moldau start`.
import './node/compile-cache.ts';

const { moldau } = await import('./run.ts');
await moldau(process.argv.slice(2));
