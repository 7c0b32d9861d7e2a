// The public face of the package.
export * from './engine.ts';
export { type EmbeddedEvent, type EmbeddedOptions, EmbeddedStore } from './engines/embedded.ts';
export * from './image.ts';
export * from './records.ts';
