// The edge: warnings that no listener of the application takes go where Node's own go, once per text and name.

export function warn(text: string): void {
  process.emitWarning(text, 'MoldauWarning');
}
