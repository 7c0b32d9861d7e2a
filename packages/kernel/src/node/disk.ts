import type { Disk } from '../disk.ts';

/** The file system by node:fs. */
export declare const nodeDisk: Disk;
