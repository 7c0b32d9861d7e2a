// The public face of the package.
export * from './engine.ts';
export { EmbeddedEngine, type EmbeddedEvent, type EmbeddedOptions } from './engines/embedded.ts';
export * from './image.ts';
export * from './records.ts';
