/** The part of sodium-native that this project calls; the package has no types of its own. */
declare module 'sodium-native' {
  const sodium: {
    /** libsodium's: false, or an error for a signature or key of another length. */
    crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
    /** Whether a point of 32 bytes is canonically encoded, on the curve, not of small order and free of torsion. */
    crypto_core_ed25519_is_valid_point(point: Uint8Array): boolean
    /** Writes the public key and the secret key of a seed into its first two arguments. */
    crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void
    /** Writes the signature into its first argument. */
    crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void
  }
  export default sodium
}
