/**
 * Assertions state what must hold. They stay on in production: a core that stops is better than a core that writes something
 * wrong. What a user or a peer can cause is never an assertion but a refusal (a value) or a failure (an error with a code).
 */
export class InvariantError extends Error {
  override readonly name = 'InvariantError'
}

/**
 * Throws InvariantError with `message` unless `condition` holds. Give a function where the sentence has to be put together and
 * the place is passed often: it is called only on failure.
 */
export function assert(condition: unknown, message: string | (() => string)): asserts condition {
  if (!condition) throw new InvariantError(typeof message === 'string' ? message : message())
}
