/**
 * The partition of an internal topic that keeps a key: Java's String.hashCode without its sign, modulo the count. Every
 * client and broker must agree on it, so it can never change.
 */
export function partitionFor(key: string, partitionCount: number): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = (Math.imul(hash, 31) + key.charCodeAt(i)) | 0;
  // Kafka's Utils.abs: the one number without a positive twin becomes 0.
  const positive = hash === -0x8000_0000 ? 0 : Math.abs(hash);
  return positive % partitionCount;
}
