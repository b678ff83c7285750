/** Who may do what on the hub. */

import type { IncomingMessage } from 'node:http'
import type { Caller } from '../api/hub/procedure.ts'
import type { Fault } from './visits.ts'

export interface Access {
  /** What whoever sent a request may do; or why the request is turned away. */
  authorize(request: IncomingMessage): Promise<Caller | Fault>
  /** Counts notes against the share of whoever sent the request. Throws where it is used up. */
  spend(request: IncomingMessage, notes: number): Promise<void>
}

const EVERYTHING: Caller = { rights: new Set(['look', 'submit', 'own', 'read']) }

/** A public ledger: everybody reads everything. */
export const openAccess: Access = {
  authorize: async () => EVERYTHING,
  spend: async () => {},
}
