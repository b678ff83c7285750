/** The parts of which all answers are made. */

/** An amount of credits, such as "25.5" or "-0.000001". */
export type Amount = string
/** RFC 3339 in UTC: "2026-11-22T08:31:09.123Z", or "2026-11-22T08:31:07Z" where whole seconds are meant. */
export type Time = string
/** Bytes in padded base64. */
export type Base64 = string

/**
 * Why a call failed, in `error.data.failure`. `usage`: wrong input · `passphrase`: it opens nothing · `locked`: unlock first ·
 * `denied`: this caller may not · `missing`: there is no such thing · `busy`, `offline`, `disk_full`: try again, or mend it ·
 * `damaged`: the data is not what it must be · `defect`: a fault of this program.
 */
export type FailureCode =
  | 'usage'
  | 'passphrase'
  | 'locked'
  | 'denied'
  | 'missing'
  | 'busy'
  | 'offline'
  | 'disk_full'
  | 'damaged'
  | 'defect'

export interface Failure {
  readonly code: FailureCode
  readonly message: string
}
