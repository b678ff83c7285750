/**
 * Assertions state what must hold. They stay on in production: a core that stops is better than a core that writes something
 * wrong. What a user or a peer can cause is never an assertion but a refusal (a value) or a failure (an error with a code).
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/** Throws InvariantError with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
