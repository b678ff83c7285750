/**
 * What a parser returns for bytes or text that are not of its form: a value, because foreign bytes are ordinary, with the reason
 * in words. Callers test `value instanceof Malformed`.
 */
export class Malformed {
  /** A sentence for people, without a final full stop. */
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}
