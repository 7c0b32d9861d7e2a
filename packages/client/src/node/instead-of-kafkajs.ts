// The edge: `node --import @moldau/client/node/instead-of-kafkajs app.js` gives everything in the process that asks for
// 'kafkajs', by import or require, this client's face with KafkaJS's API. For frameworks that load it by name (NestJS).
import { registerHooks } from 'node:module';

/** As sources or as built. */
const face = new URL(import.meta.url.endsWith('.ts') ? '../kafkajs.ts' : '../kafkajs.js', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    return specifier === 'kafkajs' ? { url: face, shortCircuit: true } : nextResolve(specifier, context);
  },
});
