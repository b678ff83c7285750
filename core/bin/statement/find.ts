/** An account's statement, with the ledger that it is of. */

import { MAX_STATEMENT_ENTRIES } from '../../base/limits.ts'
import type { Searched } from '../../ledger/entry-search.ts'
import { readPlatform } from '../../ledger/queries.ts'
import { type Period, readStatement, type Statement } from '../../ledger/statement.ts'
import { Failure } from '../failure.ts'

export interface FoundStatement {
  readonly statement: Statement
  /** The ledger's name and origin. */
  readonly ledger: { readonly name: string; readonly origin: string }
}

/** Throws where there is no such account, or the period has more entries than fit a statement. */
export async function findStatement(
  tools: Parameters<typeof readStatement>[0],
  searched: Searched,
  account: string,
  period: Period,
): Promise<FoundStatement> {
  const { name, origin } = await readPlatform(searched.store)
  const statement = await readStatement(tools, searched, account, period)
  if (statement === undefined) throw new Failure('usage', `There is no account ${account} on this ledger.`)
  if (statement === 'too_long') {
    const most = `A statement has at most ${MAX_STATEMENT_ENTRIES} entries`
    throw new Failure('usage', `${most}; take a shorter period, with --from and --to on the command line.`)
  }
  return { statement, ledger: { name, origin } }
}
