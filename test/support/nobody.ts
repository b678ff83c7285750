/** A process that goes on as somebody who owns nothing: root may write anywhere, whatever a folder's mode says. */

import Sqlite from 'better-sqlite3'

const NOBODY = 65_534

export function becomeNobody(): void {
  // Native code is loaded with the first database, from where somebody else may have no business.
  new Sqlite(':memory:').close()
  if (process.getuid!() !== 0) return
  process.setgroups!([])
  process.setgid!(NOBODY)
  process.setuid!(NOBODY)
}
