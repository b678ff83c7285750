/** The desk: whether there is a ledger, whether its keys are at hand, and whose they are. */

import { z } from 'zod'
import { origin } from '../../domain/fields.ts'
import { events } from '../failures.ts'
import * as input from '../inputs.ts'
import { outcomeView } from '../present.ts'
import { may, router } from '../procedure.ts'
import type { DeskEvent, DeskState, HubShown, Outcome, Refused } from '../views.ts'

const foundingForm = z.strictObject({ name: input.label, origin: origin.optional(), passphrase: input.passphrase })

/** Checked by the parsers of addresses, keys and tokens. */
const hubForm = z.strictObject({ url: input.address, vkey: input.vkey, token: input.token.optional() })

/** The passphrase seals the keys. */
const firstKeysForm = z.strictObject({ source: input.keySource, passphrase: input.passphrase })

export const desk = router({
  state: may('look').query(({ ctx }): Promise<DeskState> => ctx.host.state()),
  watch: may('look').subscription(({ ctx, signal }): AsyncGenerator<DeskEvent> => events(ctx.host, ctx.host.watch(signal!))),
  tryDemo: may('found').mutation(async ({ ctx }): Promise<DeskState> => {
    await ctx.host.tryDemo()
    return ctx.host.state()
  }),
  found: may('found')
    .input(foundingForm)
    .mutation(async ({ ctx, input }): Promise<{ status: 'founded'; state: DeskState } | Refused> => {
      const refusal = await ctx.host.found(input)
      return refusal ?? { status: 'founded', state: await ctx.host.state() }
    }),
  examineHub: may('found')
    .input(hubForm)
    .mutation(({ ctx, input }): Promise<HubShown> => ctx.host.examineHub(input)),
  join: may('found')
    .input(hubForm.extend({ passphrase: input.passphrase }))
    .mutation(async ({ ctx, input: { passphrase, ...hub } }): Promise<DeskState> => {
      await ctx.host.join(hub, passphrase)
      return ctx.host.state()
    }),
  restore: may('found')
    .input(z.strictObject({ file: input.path, keys: firstKeysForm.optional() }))
    .mutation(async ({ ctx, input }): Promise<DeskState> => {
      await ctx.host.restore(input.file, input.keys)
      return ctx.host.state()
    }),
  /** Keys for a folder that has a ledger and none of them; they are unlocked then. */
  bringKeys: may('unlock')
    .input(firstKeysForm)
    .mutation(async ({ ctx, input }): Promise<DeskState> => {
      await ctx.host.bringFirstKeys(input)
      return ctx.host.state()
    }),
  unlock: may('unlock')
    .input(z.strictObject({ passphrase: input.passphrase, remember: z.boolean().default(false) }))
    .mutation(async ({ ctx, input }): Promise<DeskState> => {
      await ctx.host.unlock(input.passphrase)
      await ctx.host.remember(input.remember ? input.passphrase : undefined)
      return ctx.host.state()
    }),
  lock: may('read').mutation(async ({ ctx }): Promise<DeskState> => {
    await ctx.host.lock()
    return ctx.host.state()
  }),
  touch: may('read').mutation(({ ctx }): void => ctx.host.touch()),
  openAccount: may('sign')
    .input(z.strictObject({ name: input.label }))
    .mutation(async ({ ctx, input }): Promise<Outcome> => outcomeView(await ctx.host.openAccount(input.name))),
})
