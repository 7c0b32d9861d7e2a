// What `npm start` runs.
import './node/compile-cache.ts';

const { moldau } = await import('./run.ts');
await moldau(['start', ...process.argv.slice(2)]);
