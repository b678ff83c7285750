/**
 * What the ledger asks of a verifier: the work on bytes that needs no state, many pieces at once. Ed25519 signatures behind the
 * one gate (core/log/signature.ts), and leaf hashes. Drivers implement it; how many threads they use is their own affair.
 *
 * Calls do not wait for each other: whoever has more work hands it over while earlier work is under way, and goes on meanwhile
 * with what is answered. Work is taken up in the order of the calls.
 */

export interface SignatureCheck {
  readonly publicKey: Uint8Array
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface Verifier {
  /** Whether each signature is valid, in the order of the checks. */
  verify(checks: readonly SignatureCheck[]): Promise<boolean[]>
  /** The leaf hash of each entry, in their order. */
  hashLeaves(entries: readonly Uint8Array[]): Promise<Uint8Array[]>
  /** Rejects what is under way. */
  close(): Promise<void>
}
