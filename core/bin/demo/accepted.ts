/** The demonstration's transactions: somebody signs, perhaps with another below, and the ledger has to accept. */

import { InvariantError } from '../../base/assert.ts'
import type { Accepted } from '../../ledger/accepted.ts'
import type { Desk, DraftToSign } from '../desk.ts'

export async function submitAccepted(desk: Desk, draft: DraftToSign): Promise<Accepted> {
  const answer = await desk.submit(draft)
  if (answer.status === 'refused') throw new InvariantError(`${draft.type} of the demonstration is accepted (${answer.message})`)
  return answer
}
