// What a PKCS#12 store holds, as PEM. Node takes such a store as our own key (`pfx`), but not as the list of those who are
// trusted, and not in the ciphers of before OpenSSL 3 (which keytool wrote until Java 16). Reading one takes some hundred
// milliseconds, by design of its password; so the last few are remembered, by their content.
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import type forgeModule from 'node-forge';

export interface StoreContents {
  /** Of those who are trusted: certificates that belong to no key of the store. */
  readonly trusted: readonly string[];
  /** The store's own: the certificate of its key first, then those that lead to its authority. */
  readonly chain: readonly string[];
  readonly key: string | undefined;
}

const REMEMBERED_MAX = 8;
const remembered = new Map<string, StoreContents>();
const require = createRequire(import.meta.url);

/** Throws an error in words when the store is none, or the password is another. */
export function readPkcs12(store: Buffer, passphrase = ''): StoreContents {
  const id = createHash('sha256').update(passphrase).update('\0').update(store).digest('base64');
  let contents = remembered.get(id);
  if (!contents) {
    contents = read(store, passphrase);
    if (remembered.size >= REMEMBERED_MAX) remembered.delete(remembered.keys().next().value!);
    remembered.set(id, contents);
  }
  return contents;
}

function read(store: Buffer, passphrase: string): StoreContents {
  // Loaded here, because hardly anybody needs it.
  const forge = require('node-forge') as typeof forgeModule;
  const { oids } = forge.pki;
  const pem = (label: string, asn1: forgeModule.asn1.Asn1): string =>
    forge.pem.encode({ type: label, body: forge.asn1.toDer(asn1).getBytes() } as forgeModule.pem.ObjectPEM);
  const opened = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(store.toString('latin1')), false, passphrase);
  const bags = (type: string) => opened.getBags({ bagType: type })[type] ?? [];
  const keyBag = [...bags(oids.pkcs8ShroudedKeyBag!), ...bags(oids.keyBag!)][0];
  // Where the library knows the kind of key it gives an object, where it does not (EC) what it read.
  const keyAsn1 =
    keyBag && (keyBag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(keyBag.key)) : keyBag.asn1);
  const keyId = (keyBag?.attributes as Attributes | undefined)?.localKeyId?.[0];
  const certificates = bags(oids.certBag!).map((bag) => ({
    pem: pem('CERTIFICATE', bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1),
    isOwn: keyBag !== undefined && (bag.attributes as Attributes).localKeyId?.[0] === keyId,
  }));
  const others = certificates.filter(({ isOwn }) => !isOwn).map((certificate) => certificate.pem);
  return {
    trusted: others,
    chain: [...certificates.filter(({ isOwn }) => isOwn).map((certificate) => certificate.pem), ...others],
    key: keyAsn1 && pem('PRIVATE KEY', keyAsn1),
  };
}

interface Attributes {
  readonly localKeyId?: readonly string[];
}
