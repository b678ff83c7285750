/** Why a command could not be carried out, which is not the same as a refusal; and the exit codes that scripts rely on. */

import type { Failure as Told } from '../api/failures.ts'
import { InvariantError } from '../base/assert.ts'
import { VaultError } from '../drivers/vault.ts'
import { StoreError } from '../ledger/store.ts'
import { type Address, hostInUrl } from '../net/address.ts'

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

/**
 * What the system said about a file operation: the failure that it means, and the end of a sentence that begins with the path.
 */
const SYSTEM_ERRORS: Record<string, readonly [FailureCode, string]> = {
  ENOSPC: ['disk_full', 'could not be written: the disk is full'],
  EFBIG: ['disk_full', 'could not be written: it would be larger than files may be'],
  EDQUOT: ['disk_full', 'could not be written: the quota is used up'],
  EIO: ['damaged', 'could not be read or written: the device failed'],
  ENOENT: ['usage', 'does not exist'],
  ENOTDIR: ['usage', 'is not a folder'],
  EISDIR: ['usage', 'is a folder'],
  EEXIST: ['usage', 'is in the way'],
  ENOTEMPTY: ['usage', 'holds something else'],
  EACCES: ['offline', 'may not be read or written by this user'],
  EPERM: ['offline', 'may not be read or written by this user'],
  EROFS: ['offline', 'may not be written: its disk is read-only'],
  EBUSY: ['busy', 'is in use'],
  EMFILE: ['busy', 'could not be opened: too many files are open'],
}

/** The failure that an error means. A defect of this program is reported as one, with the place in the code. */
export function failureOf(error: unknown): Failure {
  const known = knownFailureOf(error)
  if (known !== undefined) return known
  const { stack, message } = error as Error
  return new Failure('damaged', `This is a defect of the program, please report it: ${stack ?? message}`)
}

/** A failure as those are told who call a program: for the command line, "locked" means that another program is at work. */
export function toldToCallers({ code, message }: Failure): Told {
  return { code: code === 'locked' ? 'busy' : code, message }
}

/** The failure that an error means; undefined where it is a defect of this program. */
export function knownFailureOf(error: unknown): Failure | undefined {
  if (error instanceof Failure) return error
  if (error instanceof StoreError || error instanceof VaultError) {
    const { code, message } = error
    return new Failure(code === 'missing' || code === 'version' || code === 'denied' ? 'usage' : code, message)
  }
  if (error instanceof InvariantError) {
    return new Failure('damaged', `The ledger stopped rather than write something wrong: ${error.message} does not hold.`)
  }
  const { code = '', path = 'The file' } = error as NodeJS.ErrnoException
  const system = SYSTEM_ERRORS[code]
  return system && new Failure(system[0], `${path} ${system[1]}.`)
}

/** A failure in the words of stores, which other programs know; they have no word for a command's own mistakes. */
export function doorFailure(error: unknown): { readonly code: StoreError['code']; readonly message: string } {
  const { code, message } = failureOf(error)
  return { code: code === 'usage' || code === 'passphrase' ? 'missing' : code, message }
}

/** Why a server could not begin to listen. */
export function listenFailure(error: unknown, { host, port }: Address): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') return new Failure('busy', `The address ${hostInUrl(host)}:${port} is in use by another program.`)
  if (code === 'EACCES') return new Failure('offline', `This user may not listen at ${hostInUrl(host)}:${port}.`)
  return code === 'EADDRNOTAVAIL' ? new Failure('offline', `This machine has no address ${host}.`) : error
}
