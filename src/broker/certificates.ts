import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import type * as X509 from '@peculiar/asn1-x509';
import type * as Schema from '@peculiar/asn1-schema';

/** RFC 5758 §3.2. */
const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
/** X.520: commonName. */
const COMMON_NAME = '2.5.4.3';

const DAY_MS = 86_400_000;
/** What Apple's clients take at most of any certificate, with a margin. */
const LIFETIME_MS = 365 * DAY_MS;
/** Clocks differ. */
const BACKDATED_MS = DAY_MS;

/** Leaf certificates that are kept; the oldest goes first. */
const MAX_LEAVES = 1000;

/**
 * A certificate authority for the time of one run: its key is in this object and nowhere else. It signs for the hosts that a
 * session may reach, so that a proxy can read what a process sends them.
 */
export class CertificateAuthority {
  /** The public half. */
  readonly pem: string;
  readonly #issuer = `Claviger broker ${randomBytes(4).toString('hex')}`;
  readonly #key: KeyObject;
  readonly #leaf = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  readonly #leafKey: string;
  readonly #leaves = new Map<string, SecureContext>();
  readonly #asn1 = loadAsn1();

  constructor() {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.#key = privateKey;
    this.#leafKey = this.#leaf.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { x509 } = this.#asn1;
    this.pem = this.#certificate(this.#issuer, publicKey, [
      this.#extension(x509.id_ce_basicConstraints, new x509.BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      this.#extension(x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.keyCertSign), true),
    ]);
  }

  /** What a TLS server needs to be taken for this host. */
  contextFor(hostname: string): SecureContext {
    const known = this.#leaves.get(hostname);
    if (known !== undefined) return known;
    const context = createSecureContext({ cert: this.#leafFor(hostname), key: this.#leafKey, minVersion: 'TLSv1.2' });
    if (this.#leaves.size >= MAX_LEAVES) {
      for (const oldest of this.#leaves.keys()) {
        this.#leaves.delete(oldest);
        break;
      }
    }
    this.#leaves.set(hostname, context);
    return context;
  }

  #leafFor(hostname: string): string {
    const { x509 } = this.#asn1;
    const address = hostname.replace(/^\[|\]$/g, '');
    const name = isIP(address) === 0 ? { dNSName: hostname } : { iPAddress: address };
    return this.#certificate(hostname.slice(0, 64), this.#leaf.publicKey, [
      this.#extension(x509.id_ce_subjectAltName, new x509.SubjectAlternativeName([new x509.GeneralName(name)])),
      this.#extension(x509.id_ce_keyUsage, new x509.KeyUsage(x509.KeyUsageFlags.digitalSignature), true),
      this.#extension(x509.id_ce_extKeyUsage, new x509.ExtendedKeyUsage([x509.id_kp_serverAuth])),
    ]);
  }

  /** RFC 5280 §4.1. */
  #certificate(subject: string, publicKey: KeyObject, extensions: X509.Extension[]): string {
    const { x509, AsnConvert } = this.#asn1;
    const algorithm = new x509.AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
    const serial = randomBytes(16);
    serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40; // positive, and 16 bytes long
    const tbsCertificate = new x509.TBSCertificate({
      version: x509.Version.v3,
      serialNumber: bufferOf(serial),
      signature: algorithm,
      issuer: this.#name(this.#issuer),
      subject: this.#name(subject),
      validity: new x509.Validity({
        notBefore: new Date(Date.now() - BACKDATED_MS),
        notAfter: new Date(Date.now() + LIFETIME_MS),
      }),
      subjectPublicKeyInfo: AsnConvert.parse(
        publicKey.export({ type: 'spki', format: 'der' }),
        x509.SubjectPublicKeyInfo,
      ),
      extensions: new x509.Extensions(extensions),
    });
    const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), this.#key);
    const certificate = new x509.Certificate({
      tbsCertificate,
      signatureAlgorithm: algorithm,
      signatureValue: bufferOf(signature),
    });
    const lines =
      Buffer.from(AsnConvert.serialize(certificate))
        .toString('base64')
        .match(/.{1,64}/g) ?? [];
    return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
  }

  #name(commonName: string): X509.Name {
    const { x509 } = this.#asn1;
    const value = new x509.AttributeValue({ utf8String: commonName });
    return new x509.Name([
      new x509.RelativeDistinguishedName([new x509.AttributeTypeAndValue({ type: COMMON_NAME, value })]),
    ]);
  }

  #extension(extnID: string, value: object, critical = false): X509.Extension {
    const { x509, AsnConvert, OctetString } = this.#asn1;
    return new x509.Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
  }
}

/** Only forward mode needs it, and it takes a while to load. */
function loadAsn1() {
  const require = createRequire(import.meta.url);
  const x509 = require('@peculiar/asn1-x509') as typeof X509;
  const { AsnConvert, OctetString } = require('@peculiar/asn1-schema') as typeof Schema;
  return { x509, AsnConvert, OctetString };
}

function bufferOf(bytes: Buffer): ArrayBuffer {
  return Uint8Array.from(bytes).buffer;
}
