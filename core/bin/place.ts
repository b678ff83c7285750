/** A ledger's folder as every command knows it: where it is, what is read from it without a lock, and what names in it mean. */

import { homedir, userInfo } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { isAccountId } from '../domain/ids.ts'
import type { Platform } from '../domain/state.ts'
import { quoted } from '../domain/text.ts'
import { formatMilliseconds, type Milliseconds } from '../domain/time.ts'
import { openSqliteReader } from '../drivers/sqlite/store.ts'
import { lastTime, readPlatform } from '../ledger/queries.ts'
import type { StoreReader } from '../ledger/store.ts'
import { Failure } from './failure.ts'
import { localKeys } from './local-keys.ts'
import type { PassphraseSource } from './passphrase.ts'

export const OPERATOR = 'operator'

/** What options and environment tell every command. */
export interface Place {
  readonly dir: string
  readonly passphrase: PassphraseSource
  /** The time to give to a ledger with a manual clock. */
  readonly at?: Milliseconds | undefined
  /** A read token from the hub's operator, for mirrors of a private hub. */
  readonly token?: string | undefined
}

/** The platform's folder for application data. A path that is not absolute does not count, as the XDG specification demands. */
export function defaultDir(name: string): string {
  const { APPDATA, XDG_DATA_HOME: given = '' } = process.env
  if (process.platform === 'win32') return join(APPDATA ?? join(homeDir(), 'AppData', 'Roaming'), name)
  if (process.platform === 'darwin') return join(homeDir(), 'Library', 'Application Support', name)
  return join(isAbsolute(given) ? given : join(homeDir(), '.local', 'share'), name)
}

/** The user's home, by HOME or by the system's list of users, which some users of containers are not in. */
function homeDir(): string {
  try {
    const home = isAbsolute(homedir()) ? homedir() : userInfo().homedir
    if (isAbsolute(home)) return home
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error
  }
  throw new Failure('usage', 'This user has no home folder that is known: name the folder of the ledger with --dir.')
}

/** A path as the user meant it: npm runs scripts in the project's root, and says where it was called. */
export function userPath(path: string): string {
  // The current folder is looked up only where it matters: it may be gone.
  return resolve(process.env.INIT_CWD ?? '', path)
}

/** Reads from the ledger in a folder; no lock is needed and nothing is changed. */
export async function reading<T>(place: Place, read: (store: StoreReader) => Promise<T>): Promise<T> {
  const store = await openSqliteReader(place.dir)
  try {
    return await read(store)
  } finally {
    await store.close()
  }
}

/** The time as of which a reading is made: now, or the last entry's on a ledger with a manual clock. */
export async function readingTime(store: StoreReader, place: Place): Promise<Milliseconds> {
  return clockTime(await readPlatform(store), await lastTime(store), place.at)
}

/**
 * The ledger's time now, by its own clock. Refuses a time given to a ledger that has the system's clock, or before its last
 * entry.
 */
export function clockTime({ clock }: Pick<Platform, 'clock'>, last: Milliseconds, at: Milliseconds | undefined): Milliseconds {
  if (clock === 'system') {
    if (at !== undefined)
      throw new Failure('usage', 'This ledger goes by the system clock; --at is for ledgers with a manual clock.')
    return Math.max(Date.now(), last)
  }
  if (at !== undefined && at < last) {
    throw new Failure(
      'usage',
      `--at ${formatMilliseconds(at)} is before the last entry, ${formatMilliseconds(last)}: time never goes back.`,
    )
  }
  return at ?? last
}

/** The account that `operator`, an account id or a local name stands for. */
export function resolveAccount(place: Place, platform: Platform | undefined, name: string): string {
  if (name === OPERATOR && platform !== undefined) return platform.operator
  // Ids first: no local name may shadow an account.
  if (isAccountId(name)) return name
  const local = localKeys(place.dir).find(({ label, isFirst }) => label === name && isFirst)
  if (local !== undefined) return local.account
  const isSlip = name.startsWith('nim1')
  throw new Failure(
    'usage',
    isSlip
      ? `${quoted(name)} is not an account id: it is mistyped.`
      : `There is no account named ${quoted(name)} here; nimledger account list shows those that there are.`,
  )
}
