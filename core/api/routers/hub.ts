/** How the sequencer of this ledger is doing, for whoever runs it. */

import { may, router } from '../procedure.ts'
import type { HubState } from '../views.ts'

export const hub = router({
  state: may('read').query(({ ctx }): Promise<HubState> => ctx.host.hubState()),
  /** Shows the hub that is followed the operator's key, so that it tells. */
  signIn: may('sign').mutation(async ({ ctx }): Promise<HubState> => {
    await ctx.host.signInToHub()
    return ctx.host.hubState()
  }),
})
