/** How an account shows that it has its key: it asks for a text, signs it, and gets a token for a while (sign-in.ts). */

import { z } from 'zod'
import { tryFromBase64 } from '../../base/bytes.ts'
import { Malformed } from '../../base/malformed.ts'
import { formatSeconds } from '../../domain/time.ts'
import { known } from '../failures.ts'
import * as input from '../inputs.ts'
import { may, router } from './procedure.ts'
import { type Asked, MAX_SIGN_IN_BYTES, type Proof } from './sign-in.ts'

const MAX_NOTE_CHARACTERS = Math.ceil(MAX_SIGN_IN_BYTES / 3) * 4

const challengeForm = z.strictObject({ account: input.account })
const proveForm = z.strictObject({ note: z.base64().max(MAX_NOTE_CHARACTERS) })

export const access = router({
  challenge: may('look')
    .input(challengeForm)
    .mutation(async ({ ctx, input }): Promise<Asked> => {
      await ctx.spend(1)
      const text = ctx.signIn.challenge(input.account, ctx.hub)
      if (text instanceof Malformed) throw known('usage', sentence(text))
      return { text }
    }),
  prove: may('look')
    .input(proveForm)
    .mutation(async ({ ctx, input }): Promise<Proof> => {
      await ctx.spend(1)
      const pass = await ctx.signIn.prove(tryFromBase64(input.note)!, ctx.hub)
      if (pass instanceof Malformed) return { status: 'refused', message: sentence(pass) }
      return { status: 'proven', ...pass, expires: formatSeconds(pass.expires) }
    }),
})

function sentence({ reason }: Malformed): string {
  return `${reason[0]!.toUpperCase()}${reason.slice(1)}.`
}
