/** Why a request over HTTP is turned away. */
export interface Fault {
  readonly status: number
  readonly message: string
  /** Headers of the answer, such as how long to wait. */
  readonly headers?: Readonly<Record<string, string>>
}
