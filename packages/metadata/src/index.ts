export * from './engine.ts';
export * from './image.ts';
export * from './records.ts';
