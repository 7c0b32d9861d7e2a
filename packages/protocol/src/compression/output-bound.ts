import { ProtocolError } from '../errors.ts';

/** What every codec throws when its output would pass the caller's bound. */
export function tooLarge(bytesMax: number): ProtocolError {
  return new ProtocolError(`compressed records unpack to more than the ${bytesMax} bytes allowed`);
}
