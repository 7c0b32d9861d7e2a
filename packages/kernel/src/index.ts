export * from './assert.ts';
export * from './clock.ts';
export * from './deadline-heap.ts';
export * from './disk.ts';
export * from './key-derivation.ts';
export * from './network.ts';
export * from './ports.ts';
export * from './random.ts';
