/**
 * What the ledger asks of a verifier: Ed25519 signatures, many at once, behind the one gate (core/log/signature.ts). Drivers
 * implement it; how many threads they use is their own affair.
 */

export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface Verifier {
  /** Whether each signature is valid, in the order of the checks. */
  verify(checks: readonly SignatureCheck[]): Promise<boolean[]>
  close(): Promise<void>
}
