/** The keys of an account: shown, made on this machine, handed out in a sealed file or in words, and brought back. */

import { z } from 'zod'
import { toBase64 } from '../../base/bytes.ts'
import { name } from '../../domain/fields.ts'
import * as input from '../inputs.ts'
import { readKeyPage } from '../keys.ts'
import { may, router } from '../procedure.ts'
import type { DeskState, FileView, KeyPage, KeysTaken, NewKey, RecoverySheet } from '../views.ts'

export const keys = router({
  list: may('read')
    .input(z.strictObject({ account: input.account }))
    .query(
      ({ ctx: { host }, input: { account } }): Promise<KeyPage> =>
        host.reading((sight) => readKeyPage(host.tools, sight, account, host.keys.here(account))),
    ),
  /** Makes and seals a key that signs nothing until `key.add` with its public key is signed. */
  make: may('sign')
    .input(z.strictObject({ account: input.account, label: name }))
    .mutation(async ({ ctx, input }): Promise<NewKey> => ({ publicKey: await ctx.host.keys.make(input.account, input.label) })),
  /** The keys of one account, or all of this machine, sealed under the passphrase of this machine's keys. */
  backUp: may('sign')
    .input(z.strictObject({ account: input.account.optional(), passphrase: input.passphrase }))
    .mutation(
      async ({ ctx, input }): Promise<FileView> => ({
        bytes: toBase64(await ctx.host.keys.file(input.passphrase, input.account)),
      }),
    ),
  /**
   * The keys of an account in the open. It is a mutation, though nothing changes, so that nobody keeps the answer: no cache of
   * queries, and no cache on the way.
   */
  sheet: may('sign')
    .input(z.strictObject({ account: input.account, passphrase: input.passphrase }))
    .mutation(({ ctx, input }): Promise<RecoverySheet> => ctx.host.keys.sheet(input.account, input.passphrase)),
  /** That an account's sheet is kept, or was put off until somebody asks for it. */
  markSheet: may('sign')
    .input(z.strictObject({ account: input.account, as: z.enum(['kept', 'missing']) }))
    .mutation(async ({ ctx, input }): Promise<DeskState> => {
      await ctx.host.keys.markSheet(input.account, input.as)
      return ctx.host.state()
    }),
  bring: may('sign')
    .input(input.keySource)
    .mutation(({ ctx, input }): Promise<KeysTaken> => ctx.host.keys.bring(input)),
})
