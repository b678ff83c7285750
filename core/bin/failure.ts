/** Why a command could not be carried out, which is another thing than a refusal; and the exit codes that scripts rely on. */

import { InvariantError } from '../base/assert.ts'
import { VaultError } from '../drivers/vault.ts'
import { StoreError } from '../ledger/store.ts'

export const EXIT = { done: 0, refused: 1, usage: 2, damaged: 3, unavailable: 4 } as const

type FailureCode = 'usage' | 'damaged' | 'locked' | 'offline' | 'busy' | 'disk_full' | 'passphrase'

const EXIT_OF: Record<FailureCode, number> = {
  usage: EXIT.usage,
  passphrase: EXIT.usage,
  damaged: EXIT.damaged,
  locked: EXIT.unavailable,
  offline: EXIT.unavailable,
  busy: EXIT.unavailable,
  disk_full: EXIT.unavailable,
}

export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode

  constructor(code: FailureCode, message: string) {
    super(message)
    this.code = code
  }

  get exitCode(): number {
    return EXIT_OF[this.code]
  }
}

/** Node's codes of what the system said to a file operation. */
const SYSTEM_CODES: Record<string, FailureCode> = {
  ENOSPC: 'disk_full',
  EFBIG: 'disk_full',
  EDQUOT: 'disk_full',
  EIO: 'damaged',
  ENOENT: 'usage',
  ENOTDIR: 'usage',
  EISDIR: 'usage',
  EEXIST: 'usage',
  EACCES: 'offline',
  EPERM: 'offline',
  EROFS: 'offline',
  EBUSY: 'busy',
  EMFILE: 'busy',
}

/** The failure that an error means; undefined for what is a defect of this program and should be seen whole. */
export function failureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (error instanceof StoreError) return new Failure(error.code === 'missing' ? 'usage' : error.code, error.message)
  if (error instanceof VaultError) return new Failure(error.code === 'missing' ? 'usage' : error.code, error.message)
  if (error instanceof InvariantError) {
    return new Failure('damaged', `The ledger stopped rather than write something wrong: ${error.message} does not hold.`)
  }
  const code = SYSTEM_CODES[(error as NodeJS.ErrnoException)?.code ?? '']
  return code && new Failure(code, `${(error as Error).message}.`)
}
